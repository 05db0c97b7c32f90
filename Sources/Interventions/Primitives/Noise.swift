public import Autodiff
public import Tensors

/// Adds `level` times a noise to the chosen coordinates: corruption.
///
/// The noise is the source: drawn beforehand, so that a run can be repeated. Causal tracing: Meng et
/// al., 2022, <https://arxiv.org/abs/2202.05262>.
public struct Noise<Scalar: Real>: Intervention {
  /// The level of the reference, where none is said.
  public static var usualLevel: Double { 0.13462981581687927 }

  /// Under which it is kept.
  public let name: String
  /// It works with a source.
  public let needsSource = true
  /// The factor of the noise, in the units of the activation.
  public let level: Scalar

  /// Noise of a strength; `name` tells the types apart that specifications have for it.
  public init(level: Scalar, name: String = "NoiseIntervention") {
    self.level = level
    self.name = name
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let noisy = tape.add(input.base, tape.scale(input.given, by: level))
    return tape.exchange(input.base, with: noisy, at: input.coordinates)
  }
}
