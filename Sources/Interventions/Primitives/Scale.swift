public import Autodiff
public import Tensors

/// Multiplies the chosen coordinates by a factor.
public struct Scale<Scalar: Real>: Intervention {
  public let name = "custom.Scale"
  public let factor: Scalar

  public init(factor: Scalar) { self.factor = factor }

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let scaled = tape.scale(input.base, by: factor)
    return tape.exchange(input.base, with: scaled, at: input.coordinates)
  }
}
