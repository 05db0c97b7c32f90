public import Autodiff
public import Inputs
public import Tensors

/// A change of an activation: a value, checked against its site before the first product, pure when
/// applied.
///
/// A type of one's own conforms with `name` and `apply`; everything else has a default. What
/// training may change lies in `parameters`, under the names by which it is saved.
public protocol Intervention<Scalar>: Sendable {
  associatedtype Scalar: Real

  /// What the type is called in a specification, such as `VanillaIntervention`.
  var name: String { get }

  /// Whether the units of an example are joined into one vector before `apply`: positions side by
  /// side, or the heads of each position. Otherwise every unit is a vector.
  var joinsUnits: Bool { get }

  /// Whether a value from elsewhere is needed: a source run's, or a constant.
  var needsSource: Bool { get }

  /// Whether the activation is only looked at; `apply` then returns what is collected.
  var isCollecting: Bool { get }

  /// Whether the source's value is the input of the site's module, not its output.
  var readsModuleInput: Bool { get }

  /// Whether it looks at what the site's module read in the same run, besides what it gave.
  var seesModuleInput: Bool { get }

  var parameters: InterventionParameters<Scalar> { get set }

  /// How many coordinates subspaces choose among, in vectors of `width`; nil if there are none to
  /// choose.
  func coordinateCount(width: Int) -> Int?

  /// Refuses a site whose vectors do not fit.
  ///
  /// - Parameter width: The elements of one vector.
  func check(width: Int) throws(Refusal)

  /// What is worked out once a run from the parameters, such as a rotation from its angles.
  func prepare(_ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>)
    -> BoundParameters<Scalar>

  /// The changed vectors, `[vectors, width]` as they came.
  func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar>

  /// The changed vectors with what the type shows besides; usually nothing.
  func output(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> InterventionOutput<Scalar>
}

extension Intervention {
  /// Usually every unit is a vector.
  public var joinsUnits: Bool { false }
  /// Usually none.
  public var needsSource: Bool { false }
  /// Usually the activation is changed.
  public var isCollecting: Bool { false }
  /// Usually the source gives what its site holds.
  public var readsModuleInput: Bool { false }
  /// Usually only at what it gave.
  public var seesModuleInput: Bool { false }
  /// Usually none.
  public var parameters: InterventionParameters<Scalar> {
    get { InterventionParameters() }
    set { precondition(newValue.entries.isEmpty, "\(name) has no parameters") }
  }
  /// Usually every coordinate can be chosen.
  public func coordinateCount(width: Int) -> Int? { width }
  /// Usually any width fits.
  public func check(width: Int) throws(Refusal) {}
  /// Works out once a run what the parameters stand for.
  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> { parameters }
  /// Usually the changed vectors alone.
  public func output(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> InterventionOutput<Scalar> { InterventionOutput(apply(input, parameters, on: tape)) }
}

/// What an intervention is applied to.
public struct InterventionInput<Scalar: Real> {
  /// The activation, a vector a row.
  public let base: Variable<Scalar>
  /// What comes from elsewhere, shaped like `base`; there if the type needs a source.
  public let source: Variable<Scalar>?
  /// The coordinates to change: of the vectors, or of what the type makes of them.
  public let coordinates: Coordinates
  /// Numbers that the call gives by name, such as the strength of a formula's direction.
  public let numbers: [String: Scalar]
  /// What the site's module read in this run, shaped like `base`; there if the type looks at it.
  public let moduleInput: Variable<Scalar>?

  /// What an intervention is applied to, for calling one by hand.
  public init(
    base: Variable<Scalar>, source: Variable<Scalar>?, coordinates: Coordinates,
    numbers: [String: Scalar] = [:], moduleInput: Variable<Scalar>? = nil
  ) {
    self.moduleInput = moduleInput
    self.base = base
    self.source = source
    self.coordinates = coordinates
    self.numbers = numbers
  }

  /// The source of a type that needs one.
  public var given: Variable<Scalar> {
    guard let source else { preconditionFailure("an intervention ran without its source") }
    return source
  }
}
