public import Autodiff
public import Tensors

/// Moves the chosen coordinates a part of the way to the source's: `base + alpha · (source − base)`.
public struct Interpolate<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "custom.Interpolate"
  /// It works with a source.
  public let needsSource = true
  /// 0 leaves the base, 1 gives the source.
  public let alpha: Scalar

  /// Goes the part `alpha` of the way.
  public init(alpha: Scalar) { self.alpha = alpha }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    // As a difference, so that a source equal to the base changes no bit.
    let way = tape.scale(tape.subtract(input.given, input.base), by: alpha)
    let moved = tape.add(input.base, way)
    return tape.exchange(input.base, with: moved, at: input.coordinates)
  }
}
