public import Autodiff
public import Tensors

/// Adds the source to the chosen coordinates.
///
/// Activation addition: Turner et al., 2023, <https://arxiv.org/abs/2308.10248>.
public struct Addition<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "AdditionIntervention"
  /// It works with a source.
  public let needsSource = true

  /// It has no numbers of its own.
  public init() {}

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let sum = tape.add(input.base, input.given)
    return tape.exchange(input.base, with: sum, at: input.coordinates)
  }
}
