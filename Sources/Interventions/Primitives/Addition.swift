public import Autodiff
public import Tensors

/// Adds the source to the chosen coordinates.
///
/// Activation addition: Turner et al., 2023, <https://arxiv.org/abs/2308.10248>.
public struct Addition<Scalar: Real>: Intervention {
  public let name = "AdditionIntervention"
  public let needsSource = true

  public init() {}

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let sum = tape.add(input.base, input.given)
    return tape.exchange(input.base, with: sum, at: input.coordinates)
  }
}
