internal import Autodiff
internal import Inputs
internal import Tensors

/// A trained rotation as interventions keep it, under the reference's names.
extension OrthogonalWeight {
  static var originalName: String { "rotate_layer.parametrizations.weight.original" }
  static var baseName: String { "rotate_layer.parametrizations.weight.0.base" }
  /// The matrix itself, worked out once a run.
  static var weightName: String { "rotate_layer.weight" }
  /// By how much an element of a stored matrix may differ from what base and original stand for.
  static var storedTolerance: Float { 1e-3 }

  var trained: [(String, Tensor<Scalar>)] { [(Self.originalName, original)] }
  var fixed: [(String, Tensor<Scalar>)] { [(Self.baseName, base)] }

  /// Adds the matrix to what is bound.
  static func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> {
    var prepared = parameters
    let original = parameters[originalName]
    let stored = OrthogonalWeight(base: parameters[baseName].value, original: original.value)
    prepared[weightName] = stored.weight(from: original, on: tape)
    return prepared
  }
}

extension InterventionParameters {
  /// Refuses vectors that the rotation does not turn.
  func checkRotation(width: Int, of name: String) throws(Refusal) {
    let found = value(OrthogonalWeight<Scalar>.originalName).shape
    guard found[0] == width else {
      throw Refusal(
        .job, field: OrthogonalWeight<Scalar>.originalName,
        found: "a rotation of width \(found[0])",
        expected: "\(width), the elements of a vector that \(name) changes at this site")
    }
  }
}
