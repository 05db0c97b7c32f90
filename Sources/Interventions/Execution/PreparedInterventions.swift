public import Autodiff
public import Tensors

/// A set-up's interventions prepared once for all microbatches of a training step.
///
/// What parameters stand for, such as a rotation for its angles, is worked out once. Microbatches
/// give gradients with respect to that; their sum then goes back to the parameters once.
public struct PreparedInterventions<Scalar: Real> {
  /// A parameter of one of the interventions.
  public typealias Address = InterventionTraining<Scalar>.Address

  /// What microbatches read: on any thread, each with a tape of its own.
  public struct Values: Sendable {
    let prepared: [BoundParameters<Scalar>]
    /// What a microbatch's gradients are with respect to, in the order of its vector.
    let handles: [Address]
  }

  private let tape = Tape<Scalar>()
  private let bound: [BoundParameters<Scalar>]
  /// What microbatches read.
  public let values: Values

  /// - Parameter widths: The elements of a vector that each intervention changes.
  public init(_ setup: InterventionSetup<Scalar>, widths: [Int]) {
    bound = setup.bound(on: tape, asLeaves: true)
    let prepared = zip(setup.interventions, bound).map { [tape] in $0.prepare($1, on: tape) }
    var handles: [Address] = []
    for (index, intervention) in setup.interventions.enumerated() {
      let names = prepared[index].names.filter { prepared[index][$0].isTracked }
      let used = Self.used(names, by: intervention, prepared[index], width: widths[index])
      handles += names.filter(used.contains).map { Address(intervention: index, name: $0) }
    }
    values = Values(prepared: prepared, handles: handles)
  }

  /// The names of variables that a type reads when it is applied; the others act through these.
  private static func used(
    _ names: [String], by intervention: any Intervention<Scalar>,
    _ prepared: BoundParameters<Scalar>, width: Int
  ) -> Set<String> {
    let trial = Tape<Scalar>()
    var parameters = prepared
    let leaves = names.map { trial.leaf(prepared[$0].value) }
    for (name, leaf) in zip(names, leaves) { parameters[name] = leaf }
    let vector = Variable(Tensor<Scalar>(zeros: [1, width]))
    let result = intervention.apply(
      InterventionInput(
        base: vector, source: vector, coordinates: .all, moduleInput: vector), parameters,
      on: trial)
    let influences = trial.influences(on: result, of: leaves)
    return Set(zip(names, influences).filter(\.1).map(\.0))
  }

  /// The gradients at parameters that follow from the sum of all microbatches' gradients.
  ///
  /// - Parameters:
  ///   - sum: The gradients at the leaves one after another, of `gradientCount` elements.
  ///   - penalty: What is added to the loss, from the parameters and what they stand for.
  /// - Returns: The gradients, and the penalty's value.
  public func gradients(
    at addresses: [Address], from sum: [Scalar],
    penalty: ([BoundParameters<Scalar>], Tape<Scalar>) -> Variable<Scalar>?
  ) -> (gradients: [Tensor<Scalar>], penalty: Scalar) {
    precondition(
      sum.count == values.gradientCount, "\(sum.count) elements, expected \(values.gradientCount)")
    let extra = penalty(values.prepared, tape)
    var total = extra
    var start = 0
    for handle in values.handles {
      let value = values.prepared[handle.intervention][handle.name]
      let end = start + value.value.count
      let seed = Variable(Tensor(value.shape, Array(sum[start..<end])))
      start = end
      let part = tape.sum(tape.multiply(value, seed))
      total = total.map { tape.add($0, part) } ?? part
    }
    let leaves = addresses.map { bound[$0.intervention][$0.name] }
    let gradients =
      total.map { tape.gradients(of: $0, at: leaves) }
      ?? leaves.map { Tensor(zeros: $0.shape) }
    return (gradients, extra?.value.scalar ?? 0)
  }
}

extension PreparedInterventions.Values {
  /// Elements of a microbatch's gradient.
  public var gradientCount: Int {
    handles.reduce(0) { $0 + prepared[$1.intervention][$1.name].value.count }
  }

  /// The prepared values as constants, for runs without gradients.
  public var constants: [BoundParameters<Scalar>] {
    prepared.map { parameters in
      parameters.names.reduce(into: BoundParameters()) {
        $0[$1] = Variable(parameters[$1].value)
      }
    }
  }

  /// The prepared values on a microbatch's own tape, those that gradients are taken at as leaves.
  public func leaves(
    on tape: Tape<Scalar>
  ) -> (parameters: [BoundParameters<Scalar>], leaves: [Variable<Scalar>]) {
    var parameters = constants
    let leaves = handles.map { tape.leaf(prepared[$0.intervention][$0.name].value) }
    for (handle, leaf) in zip(handles, leaves) {
      parameters[handle.intervention][handle.name] = leaf
    }
    return (parameters, leaves)
  }
}
