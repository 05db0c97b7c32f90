public import Autodiff
public import Tensors

/// Exchanges a module's output with its own input on the source run: with the base as the source,
/// the module is left out.
public struct Skip<Scalar: Real>: Intervention {
  public let name = "SkipIntervention"
  public let needsSource = true
  public let readsModuleInput = true

  public init() {}

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.exchange(input.base, with: input.given, at: input.coordinates)
  }
}
