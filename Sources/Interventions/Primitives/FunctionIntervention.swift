public import Autodiff
public import Tensors

/// What a Swift function makes of an activation; the shortest way to a change of one's own.
///
/// A function that returns nil only looks: the activation goes on as it is, bit by bit.
public struct FunctionIntervention<Scalar: Real>: Intervention {
  /// Of the activation, `[vectors, width]`; gives the same shape.
  public typealias Function =
    @Sendable (InterventionInput<Scalar>, Tape<Scalar>) -> Variable<Scalar>?

  /// What refusals call it.
  public let name: String
  /// Whether the function reads `source`.
  public let needsSource: Bool
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  private let function: Function

  /// A function of every unit by itself, without a source, unless said.
  public init(
    name: String = "function", needsSource: Bool = false, joinsUnits: Bool = false,
    _ function: @escaping Function
  ) {
    self.name = name
    self.needsSource = needsSource
    self.joinsUnits = joinsUnits
    self.function = function
  }

  /// The changed vectors; the function is called once.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    guard let changed = function(input, tape) else { return input.base }
    precondition(
      changed.value.shape == input.base.value.shape,
      "\(name) made \(changed.value.shape) of \(input.base.value.shape)")
    return changed
  }
}
