public import Autodiff
public import Models
public import Tensors

/// Interventions on their way through training: their numbers, and the optimiser's memory of them.
public struct InterventionTraining<Scalar: Real>: Sendable {
  /// A parameter of one of the set-up's interventions.
  public struct Address: Sendable, Hashable, Codable {
    /// Its number in the set-up.
    public let intervention: Int
    /// Under which it is kept.
    public let name: String

    /// The parameter of a name.
    public init(intervention: Int, name: String) {
      self.intervention = intervention
      self.name = name
    }
  }

  /// The interventions as trained so far.
  public private(set) var setup: InterventionSetup<Scalar>
  /// What the optimiser changes, in its order.
  public let addresses: [Address]
  private var optimizer: any Optimizer<Scalar>

  /// - Parameters:
  ///   - addresses: In the order of the optimiser's groups.
  ///   - optimizer: With as many parameters.
  public init(
    _ setup: InterventionSetup<Scalar>, _ addresses: [Address], _ optimizer: any Optimizer<Scalar>
  ) {
    self.setup = setup
    self.addresses = addresses
    self.optimizer = optimizer
  }

  /// Every parameter that training may change, a linked intervention's once.
  public static func addresses(in setup: InterventionSetup<Scalar>) -> [Address] {
    setup.interventions.enumerated().flatMap { index, intervention in
      intervention.parameters.entries.filter(\.isTrained).map {
        Address(intervention: index, name: $0.name)
      }
    }
  }

  /// Sets the temperature of every intervention that has one.
  public mutating func setTemperature(_ value: Scalar) { setup.setTemperature(value) }

  /// One step of the optimiser.
  ///
  /// - Parameters:
  ///   - factor: Of every rate.
  ///   - loss: What is made smaller, from the run's result.
  /// - Returns: The loss before the step.
  public mutating func step(
    _ model: any IntervenableModel<Scalar>, _ call: InterventionCall<Scalar>, factor: Double = 1,
    isNaive: Bool = false,
    loss: (InterventionRun<Scalar>.Result, Tape<Scalar>) -> Variable<Scalar>
  ) -> Scalar {
    step(model, over: [call], factor: factor, isNaive: isNaive) { _, result, tape in
      loss(result, tape)
    }
  }

  /// One step of the optimiser over the mean of several calls' losses, run one after another.
  ///
  /// - Parameters:
  ///   - factor: Of every rate.
  ///   - loss: What is made smaller, from the call's number and its run's result.
  /// - Returns: The mean loss before the step.
  public mutating func step(
    _ model: any IntervenableModel<Scalar>, over calls: [InterventionCall<Scalar>],
    factor: Double = 1, isNaive: Bool = false,
    loss: (Int, InterventionRun<Scalar>.Result, Tape<Scalar>) -> Variable<Scalar>
  ) -> Scalar {
    let (mean, gradients) = Self.gradients(
      setup, model, over: calls, at: addresses, isNaive: isNaive, loss: loss)
    step(gradients: gradients, factor: factor)
    return mean
  }

  /// The mean of several calls' losses, run one after another, and its gradients at parameters.
  static func gradients(
    _ setup: InterventionSetup<Scalar>, _ model: any IntervenableModel<Scalar>,
    over calls: [InterventionCall<Scalar>], at addresses: [Address], isNaive: Bool,
    logits: InterventionRun<Scalar>.Logits = .last,
    loss: (Int, InterventionRun<Scalar>.Result, Tape<Scalar>) -> Variable<Scalar>
  ) -> (loss: Scalar, gradients: [Tensor<Scalar>]) {
    precondition(!calls.isEmpty, "a step over no call")
    var total: Scalar = 0
    var sums: [Tensor<Scalar>] = []
    for (number, call) in calls.enumerated() {
      let tape = Tape<Scalar>()
      let bound = setup.bound(on: tape, asLeaves: true)
      let run = InterventionRun(model, setup, isNaive: isNaive)
      let value = loss(number, run(call, on: tape, parameters: bound, logits: logits), tape)
      let gradients = tape.gradients(
        of: value, at: addresses.map { bound[$0.intervention][$0.name] })
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
      total += value.value.scalar
    }
    let share = 1 / Scalar(calls.count)
    if calls.count > 1 { sums = sums.map { $0.scaled(by: share) } }
    return (calls.count == 1 ? total : total * share, sums)
  }

  /// One step of the optimiser along gradients at the addresses.
  private mutating func step(gradients: [Tensor<Scalar>], factor: Double) {
    let values = addresses.map { address in
      setup.interventions[address.intervention].parameters.value(address.name)
    }
    let next = optimizer.step(values, gradients: gradients, factor: factor)
    for (address, value) in zip(addresses, next) {
      setup.interventions[address.intervention].parameters[address.name] = value
    }
  }
}

extension InterventionRun.Result {
  /// The sum of the boundaries of boundless rotations, which a loss can keep small; nil if there are
  /// none.
  public func boundaries(on tape: Tape<Scalar>) -> Variable<Scalar>? {
    InterventionPenalty.boundaries(parameters, on: tape)
  }
}
