public import Autodiff
public import Tensors

/// Exchanges a module's output with its own input on the source run: with the base as the source,
/// the module is left out.
public struct Skip<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "SkipIntervention"
  /// It works with a source.
  public let needsSource = true
  /// The source gives what the module reads.
  public let readsModuleInput = true

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
