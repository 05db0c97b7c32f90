public import Autodiff
public import Tensors

/// Exchanges the chosen coordinates with the source's: interchange, activation patching.
///
/// Geiger et al., 2021, <https://arxiv.org/abs/2106.02997>.
public struct Vanilla<Scalar: Real>: Intervention {
  public let name = "VanillaIntervention"
  public let needsSource = true

  public init() {}

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.exchange(input.base, with: input.given, at: input.coordinates)
  }
}
