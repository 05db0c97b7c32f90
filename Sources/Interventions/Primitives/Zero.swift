public import Autodiff
public import Tensors

/// Sets the chosen coordinates to zero: ablation.
public struct Zero<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "ZeroIntervention"

  /// It has no numbers of its own.
  public init() {}

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let zeros = Variable(Tensor<Scalar>(zeros: input.base.shape))
    return tape.exchange(input.base, with: zeros, at: input.coordinates)
  }
}
