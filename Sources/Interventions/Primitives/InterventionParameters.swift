public import Autodiff
public import Tensors

/// The numbers that make an intervention, under the names by which the reference saves them.
public struct InterventionParameters<Scalar: Real>: Sendable {
  /// One of the numbers, or a tensor of them.
  public struct Entry: Sendable {
    /// Under which it is kept.
    public let name: String
    /// The numbers as they are now.
    public var value: Tensor<Scalar>
    /// Whether training changes it.
    public let isTrained: Bool
  }

  /// In the order in which an optimiser sees them.
  public private(set) var entries: [Entry] = []

  /// It has no numbers of its own.
  public init() {}

  /// - Parameter entries: Names with values, those that training changes and those that it leaves.
  public init(trained: [(String, Tensor<Scalar>)] = [], fixed: [(String, Tensor<Scalar>)] = []) {
    entries =
      trained.map { Entry(name: $0, value: $1, isTrained: true) }
      + fixed.map { Entry(name: $0, value: $1, isTrained: false) }
  }

  /// The value of a name; setting needs a name that is there, and the same shape.
  public subscript(name: String) -> Tensor<Scalar>? {
    get { entries.first { $0.name == name }?.value }
    set {
      guard let newValue, let at = entries.firstIndex(where: { $0.name == name }) else {
        preconditionFailure("no parameter \(name)")
      }
      precondition(entries[at].value.shape == newValue.shape, "\(name) changes its shape")
      entries[at].value = newValue
    }
  }

  /// The value of a name that the type itself put there.
  func value(_ name: String) -> Tensor<Scalar> {
    guard let value = self[name] else { preconditionFailure("no parameter \(name)") }
    return value
  }

  /// The parameters for a run, those that training changes as leaves if gradients are wanted.
  public func bound(on tape: Tape<Scalar>, asLeaves: Bool) -> BoundParameters<Scalar> {
    var bound = BoundParameters<Scalar>()
    for entry in entries {
      bound[entry.name] =
        asLeaves && entry.isTrained ? tape.leaf(entry.value) : Variable(entry.value)
    }
    return bound
  }
}

/// An intervention's parameters during a run, and what was worked out from them.
public struct BoundParameters<Scalar: Real>: Sendable {
  private var variables: [String: Variable<Scalar>] = [:]

  /// It has no numbers of its own.
  public init() {}

  /// The variable of a name that the type has.
  public subscript(name: String) -> Variable<Scalar> {
    get {
      guard let variable = variables[name] else { preconditionFailure("no parameter \(name)") }
      return variable
    }
    set { variables[name] = newValue }
  }

  /// All names, sorted.
  var names: [String] { variables.keys.sorted() }

  /// The variable of a name, if there is one.
  public func find(_ name: String) -> Variable<Scalar>? { variables[name] }
}
