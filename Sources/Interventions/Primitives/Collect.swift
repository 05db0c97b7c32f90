public import Autodiff
public import Tensors

/// Hands out the chosen coordinates and leaves the activation as it is.
public struct Collect<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "CollectIntervention"
  /// The activation is left as it is.
  public let isCollecting = true

  /// It has no numbers of its own.
  public init() {}

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.choose(input.base, input.coordinates)
  }
}
