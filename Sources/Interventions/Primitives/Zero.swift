public import Autodiff
public import Tensors

/// Sets the chosen coordinates to zero: ablation.
public struct Zero<Scalar: Real>: Intervention {
  public let name = "ZeroIntervention"

  public init() {}

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let zeros = Variable(Tensor<Scalar>(zeros: input.base.shape))
    return tape.exchange(input.base, with: zeros, at: input.coordinates)
  }
}
