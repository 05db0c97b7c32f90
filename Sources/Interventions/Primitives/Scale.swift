public import Autodiff
public import Tensors

/// Multiplies the chosen coordinates by a factor.
public struct Scale<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "custom.Scale"
  /// What coordinates are multiplied by.
  public let factor: Scalar

  /// Multiplies by `factor`.
  public init(factor: Scalar) { self.factor = factor }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let scaled = tape.scale(input.base, by: factor)
    return tape.exchange(input.base, with: scaled, at: input.coordinates)
  }
}
