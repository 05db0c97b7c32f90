public import Autodiff
public import Tensors

/// Multiplies the chosen coordinates by the source, element by element.
public struct Multiply<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "function.multiply"
  /// It works with a source.
  public let needsSource = true

  /// It has no numbers of its own.
  public init() {}

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let product = tape.multiply(input.base, input.given)
    return tape.exchange(input.base, with: product, at: input.coordinates)
  }
}
