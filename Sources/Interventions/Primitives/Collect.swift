public import Autodiff
public import Tensors

/// Hands out the chosen coordinates and leaves the activation as it is.
public struct Collect<Scalar: Real>: Intervention {
  public let name = "CollectIntervention"
  public let isCollecting = true

  public init() {}

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.choose(input.base, input.coordinates)
  }
}
