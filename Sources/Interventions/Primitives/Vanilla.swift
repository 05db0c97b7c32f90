public import Autodiff
public import Tensors

/// Exchanges the chosen coordinates with the source's: interchange, activation patching.
///
/// Geiger et al., 2021, <https://arxiv.org/abs/2106.02997>.
public struct Vanilla<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "VanillaIntervention"
  /// It works with a source.
  public let needsSource = true

  /// It has no numbers of its own.
  public init() {}

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.exchange(input.base, with: input.given, at: input.coordinates)
  }
}
