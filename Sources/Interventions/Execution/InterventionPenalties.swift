package import Autodiff
package import Tensors

/// What a loss can keep small, so that interventions exchange no more than they need.
package enum InterventionPenalty: Sendable {
  /// The sum of the boundaries of boundless rotations.
  case boundaries
  /// The sum of the soft masks of sigmoid masks: how many coordinates are exchanged.
  case masks

  /// The penalty of prepared interventions; nil where none has what it is about.
  package func callAsFunction<Scalar: Real>(
    _ parameters: [BoundParameters<Scalar>], on tape: Tape<Scalar>
  ) -> Variable<Scalar>? {
    let names: [String] =
      switch self {
      case .boundaries: [BoundlessRotatedSpace<Scalar>.boundaryName]
      case .masks: [SigmoidMask<Scalar>.softName, SigmoidMaskRotatedSpace<Scalar>.softName]
      }
    let found = parameters.flatMap { one in names.compactMap { one.find($0).map { tape.sum($0) } } }
    guard let first = found.first else { return nil }
    return found.dropFirst().reduce(first) { tape.add($0, $1) }
  }
}
