public import Autodiff
public import Inputs
public import Tensors

/// What a formula makes of `base` and `source`, such as `base + (source - base) @ R @ R.T`.
///
/// `input` is what the site's module read in the same run, as an adapter beside it would.
///
/// Names stand for constants and for parameters that training changes; an orthogonal one is kept
/// orthonormal by its parametrisation. `*` and `/` go element by element, `@` is the matrix product,
/// `.T` the transpose. `sigmoid`, `tanh`, `exp`, `relu`, `log` and `sqrt` go element by element, so do
/// `max` and `min` of two values and `clamp(x, low, high)`. `norm`, `mean`, `sum`, `max` and `min` make
/// one number of each vector's coordinates, `softmax` goes over them, and `concat` puts vectors side by
/// side. `x[2]`, `x[:4]`, `x[-4:]` take coordinates of vectors and of rows, of a matrix rows, with
/// `x[..., :4]` its columns, and of a constant with three axes the matrix `x[2]`.
public struct Expression<Scalar: Real>: Intervention {
  /// A value that training changes.
  public enum Parameter: Sendable {
    case free(Tensor<Scalar>)
    /// Orthonormal columns.
    case orthogonal(OrthogonalWeight<Scalar>)
  }

  /// What specifications call the type.
  public let name = "expression"
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>
  private let formula: Formula
  let constants: [String: Tensor<Scalar>]
  private let trained: [(name: String, shape: [Int], isOrthogonal: Bool)]

  /// - Parameters:
  ///   - formula: Over `base`, `source` and the names given; its value has the base's shape.
  ///   - constants: Numbers, rows `[width]`, matrices and lists of matrices by name.
  ///   - trained: Parameters by name, in the order in which an optimiser sees them.
  /// - Throws: A refusal of a formula that cannot be read, or of a name that is taken.
  public init(
    _ formula: String, constants: [String: Tensor<Scalar>] = [:],
    trained: [(name: String, value: Parameter)] = []
  ) throws(Refusal) {
    self.formula = try FormulaParser.parse(formula)
    self.constants = constants
    var entries: [(String, Tensor<Scalar>)] = []
    var fixed: [(String, Tensor<Scalar>)] = []
    var kept: [(name: String, shape: [Int], isOrthogonal: Bool)] = []
    for (name, value) in trained {
      switch value {
      case .free(let start):
        entries.append((name, start))
        kept.append((name, start.shape, false))
      case .orthogonal(let weight):
        entries.append((Self.originalName(name), weight.original))
        fixed.append((Self.baseName(name), weight.base))
        kept.append((name, weight.original.shape, true))
      }
    }
    let names = ["base", "source", "input"] + constants.keys + kept.map(\.name)
    if let twice = Dictionary(grouping: names, by: \.self).first(where: { $1.count > 1 })?.key {
      throw Refusal(
        .job, field: "formula", found: "the name \(quoted(twice)) twice", expected: "each name once"
      )
    }
    self.trained = kept
    parameters = InterventionParameters(trained: entries, fixed: fixed)
  }

  /// The constants that are single numbers, which a call may give other values.
  var numberNames: [String] { constants.filter { $0.value.shape.isEmpty }.map(\.key).sorted() }

  /// The names of parameters that are kept orthonormal.
  var orthogonalNames: [String] { trained.filter(\.isOrthogonal).map(\.name) }

  static func originalName(_ name: String) -> String {
    "\(name).parametrizations.weight.original"
  }

  static func baseName(_ name: String) -> String { "\(name).parametrizations.weight.0.base" }

  /// Whether the formula names `source`.
  public var needsSource: Bool { formula.names.contains("source") }

  /// Whether the formula names `input`.
  public var seesModuleInput: Bool { formula.names.contains("input") }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    var shapes = Dictionary(
      uniqueKeysWithValues: ["base", "source", "input"].map { ($0, FormulaShape.vectors(width)) })
    for (name, shape) in constants.map({ ($0, $1.shape) }) + trained.map({ ($0.name, $0.shape) }) {
      guard let known = FormulaShape(of: shape) else {
        throw Refusal(
          .job, field: name, found: "shape \(shape)", expected: "at most three axes")
      }
      shapes[name] = known
    }
    let result = try formula.shape(shapes)
    guard result == .vectors(width) else {
      throw Refusal(
        .job, field: "formula", found: "a value of shape \(result.text)",
        expected: "[units, \(width)], as the base has")
    }
  }

  /// Works out once a run what the parameters stand for.
  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> {
    var prepared = parameters
    for (name, _, isOrthogonal) in trained where isOrthogonal {
      let original = parameters[Self.originalName(name)]
      let stored = OrthogonalWeight(
        base: parameters[Self.baseName(name)].value, original: original.value)
      prepared[name] = stored.weight(from: original, on: tape)
    }
    return prepared
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    var values = constants.mapValues { Variable($0) }
    for (name, _, _) in trained { values[name] = parameters[name] }
    for (name, number) in input.numbers { values[name] = Variable(Tensor(scalar: number)) }
    values["base"] = input.base
    values["source"] = input.source
    values["input"] = input.moduleInput
    let result = tape.value(formula, values)
    return tape.exchange(input.base, with: result, at: input.coordinates)
  }
}
