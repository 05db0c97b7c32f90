internal import Autodiff
public import Inputs
public import Tensors

/// A trainable matrix with orthonormal columns, stored as the reference stores it: a fixed `base`
/// and the angles in `original`.
public struct Rotation<Scalar: Real>: Sendable {
  static var originalName: String { "rotate_layer.parametrizations.weight.original" }
  static var baseName: String { "rotate_layer.parametrizations.weight.0.base" }
  /// The matrix itself, worked out once a run.
  static var weightName: String { "rotate_layer.weight" }

  /// `[width, width]`, orthogonal.
  public let base: Tensor<Scalar>
  /// `[width, rank]`.
  public let original: Tensor<Scalar>

  /// - Parameters:
  ///   - base: Orthogonal, `[width, width]`.
  ///   - original: What training changes, `[width, rank]`; a negative identity unless given, which
  ///     stands for the first `rank` columns of `base`.
  public init(base: Tensor<Scalar>, original: Tensor<Scalar>) {
    precondition(
      base.shape.count == 2 && base.shape[0] == base.shape[1] && original.shape.count == 2
        && original.shape[0] == base.shape[0] && original.shape[1] <= base.shape[0],
      "a rotation of base \(base.shape) and original \(original.shape)")
    self.base = base
    self.original = original
  }

  public init(base: Tensor<Scalar>, rank: Int) {
    let width = base.rows
    let identity = (0..<width * rank).map { Scalar($0 / rank == $0 % rank ? -1 : 0) }
    self.init(base: base, original: Tensor([width, rank], identity))
  }

  var width: Int { original.shape[0] }
  var rank: Int { original.shape[1] }

  var trained: [(String, Tensor<Scalar>)] { [(Self.originalName, original)] }
  var fixed: [(String, Tensor<Scalar>)] { [(Self.baseName, base)] }

  /// Adds the matrix to what is bound.
  static func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> {
    var prepared = parameters
    let (base, original) = (parameters[baseName], parameters[originalName])
    prepared[weightName] =
      original.shape[0] == original.shape[1]
      ? tape.orthogonalExponential(base: base, original: original)
      : tape.orthogonalHouseholder(base: base, original: original)
    return prepared
  }
}

extension InterventionParameters {
  /// Refuses vectors that the rotation does not turn.
  func checkRotation(width: Int, of name: String) throws(Refusal) {
    let found = value(Rotation<Scalar>.originalName).shape
    guard found[0] == width else {
      throw Refusal(
        .job, field: Rotation<Scalar>.originalName,
        found: "a rotation of width \(found[0])",
        expected: "\(width), the elements of a vector that \(name) changes at this site")
    }
  }
}
