public import Autodiff
public import Tensors

/// Subtracts the source from the chosen coordinates.
public struct Subtraction<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "SubtractionIntervention"
  /// It works with a source.
  public let needsSource = true

  /// It has no numbers of its own.
  public init() {}

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let difference = tape.subtract(input.base, input.given)
    return tape.exchange(input.base, with: difference, at: input.coordinates)
  }
}
