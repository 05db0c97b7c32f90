internal import Checkpoints
public import Inputs
internal import Tensors

/// The tensors that a specification's run gave, by name.
public struct SpecOutputs: Sendable {
  enum Values: Sendable {
    case floats(Tensor<Float>)
    case integers([[Int]])
    case counts([Int])

    /// The shape in which they are written; rows are as wide as the widest.
    var shape: [Int] {
      switch self {
      case .floats(let tensor): tensor.shape
      case .integers(let rows): [rows.count, rows.map(\.count).max() ?? 0]
      case .counts(let numbers): [numbers.count]
      }
    }

    /// Whether examples of these lengths lie in it packed, one behind the other, or padded.
    func isCut(by lengths: [Int]) -> Bool {
      switch self {
      case .floats(let tensor): tensor.shape.count == 2 && tensor.rows == lengths.reduce(0, +)
      case .integers(let rows): rows.map(\.count) == lengths
      case .counts: false
      }
    }

    var typeName: String {
      if case .floats = self { "float32" } else { "int64" }
    }
  }

  /// What follows a row of integers that is shorter than others; no token has this number.
  public static let padding = -1
  /// How many positions each example has, where they are not equally many.
  static let lengthsName = "lengths"

  /// How many tokens of each row of ids are its prompt.
  static let promptLengthsName = "prompt_lengths"

  private(set) var values: [(name: String, value: Values)] = []
  /// What a report shows beside them.
  var seen = SpecSeen()

  /// The names of all outputs, in the order in which they were made.
  public var names: [String] { values.map(\.name) }

  /// Each output with its shape, a line each.
  public var lines: [String] {
    values.map { "out.\($0.name)  \($0.value.typeName) \($0.value.shape)" }
  }

  mutating func add(_ name: String, _ value: Tensor<Float>) {
    values.append((name, .floats(value)))
  }

  mutating func add(_ name: String, _ rows: [[Int]]) {
    values.append((name, .integers(rows)))
  }

  /// Adds `lengths`, unless every example is as long and they are not asked for: by them padded ids
  /// and packed rows of logits are told apart.
  mutating func add(lengths: [Int], evenIfEqual: Bool) {
    guard evenIfEqual || Set(lengths).count > 1 else { return }
    values.append((Self.lengthsName, .counts(lengths)))
  }

  /// Adds how long each row's prompt is.
  mutating func add(promptLengths: [Int]) {
    values.append((Self.promptLengthsName, .counts(promptLengths)))
  }

  /// The numbers of an output with its shape.
  public func floats(_ name: String) -> (shape: [Int], elements: [Float])? {
    guard case .floats(let tensor) = values.first(where: { $0.name == name })?.value else {
      return nil
    }
    return (tensor.shape, tensor.elements)
  }

  /// The integers of an output, a row an example, each as long as it is.
  public func integers(_ name: String) -> [[Int]]? {
    guard case .integers(let rows) = values.first(where: { $0.name == name })?.value else {
      return nil
    }
    return rows
  }

  /// How many positions each example has, where that is an output.
  public var lengths: [Int]? { counts(Self.lengthsName) }

  /// How many tokens of each row of ids are its prompt, of a generation.
  public var promptLengths: [Int]? { counts(Self.promptLengthsName) }

  private func counts(_ name: String) -> [Int]? {
    guard case .counts(let counts) = values.first(where: { $0.name == name })?.value else {
      return nil
    }
    return counts
  }

  /// Only the named outputs; refuses names that the run cannot give.
  ///
  /// `lengths` is given all the same where rows of unequal examples cannot be told apart without.
  func only(_ wanted: [JSONField]?) throws(Refusal) -> SpecOutputs {
    guard let wanted else { return self }
    var chosenNames: Set<String> = []
    for field in wanted {
      let name = try field.string()
      chosenNames.insert(name)
      if names.contains(name) { continue }
      let near = nearest(to: name, among: names).map { "\($0) (did you mean that?)" }
      throw field.refusal(
        "the output \(quoted(name)), which this run does not give",
        expected: near ?? "one of \(names.joined(separator: ", "))")
    }
    var chosen = SpecOutputs()
    let lengths = lengths ?? []
    let areUnequal = Set(lengths).count > 1
    let isCut =
      areUnequal
      && values.contains { name, value in
        chosenNames.contains(name) && value.isCut(by: lengths)
      }
    chosen.values = values.filter {
      chosenNames.contains($0.name) || (isCut && $0.name == Self.lengthsName)
    }
    return chosen
  }

  /// Writes every output as `out.NAME`, and makes its folder; the file appears when it is whole.
  ///
  /// Rows of integers that are shorter than others end in `padding`.
  public func write(to path: String) throws(Refusal) {
    var writer = SafetensorsWriter()
    for (name, value) in values {
      let (name, shape) = ("out.\(name)", value.shape)
      switch value {
      case .floats(let tensor): writer.add(name, shape: shape, tensor.elements)
      case .integers(let rows):
        let padded = rows.flatMap {
          $0 + Array(repeating: Self.padding, count: shape[1] - $0.count)
        }
        writer.add(name, shape: shape, padded)
      case .counts(let numbers): writer.add(name, shape: shape, numbers)
      }
    }
    try makeFolder(above: path)
    try writer.write(to: path)
  }
}
