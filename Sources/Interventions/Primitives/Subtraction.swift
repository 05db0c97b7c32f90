public import Autodiff
public import Tensors

/// Subtracts the source from the chosen coordinates.
public struct Subtraction<Scalar: Real>: Intervention {
  public let name = "SubtractionIntervention"
  public let needsSource = true

  public init() {}

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let difference = tape.subtract(input.base, input.given)
    return tape.exchange(input.base, with: difference, at: input.coordinates)
  }
}
