package import Autodiff
internal import Inputs
package import Tensors

/// A training between two steps: all that the next one depends on.
///
/// The order of the data follows from the job's seed and the step, so the step is the place in the
/// data and the state of the random numbers too.
package struct TrainingState: Sendable, Codable {
  /// Tensors under their names, by group: the parameters of each intervention, or a model's weights.
  package typealias Parameters = [[String: Tensor<Float>]]
  package typealias Address = InterventionTraining<Float>.Address

  /// What was best on the development set.
  package struct Best: Sendable, Codable {
    package let step: Int
    let value: Double
    package let parameters: Parameters
  }

  package private(set) var history = TrainingHistory()
  package internal(set) var parameters: Parameters
  /// What the optimiser moves, in the order of its groups.
  let moved: [Address]
  private var memory: OptimizerMemory
  package private(set) var best: Best?
  /// Evaluations since the best one.
  private var stale = 0
  /// Whether it was stopped early.
  private(set) var isOver = false

  /// A training before its first step.
  package init(
    _ parameters: Parameters, moving moved: [Address], by optimizer: any Optimizer<Float>
  ) {
    (self.parameters, self.moved) = (parameters, moved)
    memory = OptimizerMemory(optimizer)
  }

  /// Steps taken.
  package var step: Int { history.step }

  /// What is moved, in the optimiser's order.
  private var values: [Tensor<Float>] {
    moved.compactMap { parameters[$0.intervention][$0.name] }
  }

  /// The step that lies behind these numbers is taken.
  ///
  /// - Parameter factor: Of every rate.
  mutating func advance(
    loss: Float, gradients: [Tensor<Float>?], norm: Double, factor: Double
  ) {
    var optimizer = memory.optimizer
    let next = optimizer.step(values, gradients: gradients, factor: factor)
    memory = OptimizerMemory(optimizer)
    for (address, value) in zip(moved, next) {
      parameters[address.intervention][address.name] = value
    }
    history.losses.append(loss)
    history.norms.append(Float(norm))
    history.step += 1
  }

  /// Takes a look at the development set, keeps the best state, and stops where it is in vain to go
  /// on.
  mutating func take(_ evaluation: TrainingHistory.Evaluation, stopping: EarlyStopping?) {
    history.evaluations.append(evaluation)
    guard let stopping else { return }
    let value = stopping.watched == .accuracy ? evaluation.accuracy : -Double(evaluation.loss)
    if best.map({ value > $0.value + stopping.threshold }) ?? true {
      best = Best(step: step, value: value, parameters: parameters)
      stale = 0
    } else {
      stale += 1
      isOver = stale >= stopping.patience
    }
  }

  /// The parameters that are kept: the best ones where they were watched for, else the last.
  package var final: Parameters { best?.parameters ?? parameters }
  /// After how many steps those were had.
  package var finalStep: Int { best?.step ?? step }

  /// Why a training that began as `start` and takes so many steps cannot go on from here; nil if it
  /// can.
  package func misfit(with start: TrainingState, steps: Int) -> String? {
    func shapes(_ parameters: Parameters) -> [[String: [Int]]] {
      parameters.map { $0.mapValues(\.shape) }
    }
    guard shapes(parameters) == shapes(start.parameters), moved == start.moved,
      best.map({ shapes($0.parameters) == shapes(start.parameters) }) ?? true,
      memory.optimizer.groups == start.memory.optimizer.groups
    else { return "parameters of another training" }
    guard history.fits(steps), stale >= 0, best.map({ (0...step).contains($0.step) }) ?? true
    else { return "a step \(step) that does not fit its losses" }
    return memory.optimizer.misfit(with: values.map(\.shape))
  }
}

extension TrainingState.Parameters {
  /// The parameters of some interventions.
  package init(of interventions: [any Intervention<Float>]) {
    self = interventions.map { intervention in
      Dictionary(
        uniqueKeysWithValues: intervention.parameters.entries.map { ($0.name, $0.value) })
    }
  }

  /// A set-up with these parameters in its interventions.
  package func put(in setup: InterventionSetup<Float>) -> InterventionSetup<Float> {
    var setup = setup
    for (index, own) in enumerated() {
      for (name, value) in own { setup.interventions[index].parameters[name] = value }
    }
    return setup
  }

  /// These parameters of a set-up's interventions with another temperature of those that have one.
  package func with(temperature: Float?, in setup: InterventionSetup<Float>) -> Self {
    guard let temperature else { return self }
    var setup = put(in: setup)
    setup.setTemperature(temperature)
    return Self(of: setup.interventions)
  }

  /// SHA-256 of parameters: names and bytes, in a fixed order.
  package var digest: String {
    var bytes: [UInt8] = []
    for (index, own) in enumerated() {
      for (name, value) in own.sorted(by: { $0.key < $1.key }) {
        bytes += "\(index).\(name) \(value.shape)\n".utf8
        value.withPointer { from in
          bytes += UnsafeRawBufferPointer(
            start: from, count: value.count * MemoryLayout<Float>.stride)
        }
      }
    }
    return Digest.of(bytes)
  }
}

/// An optimiser with what it remembers, so that it can be written and read.
private enum OptimizerMemory: Sendable, Codable {
  case adam(Adam<Float>)
  case descent(GradientDescent<Float>)

  init(_ optimizer: any Optimizer<Float>) {
    switch optimizer {
    case let adam as Adam<Float>: self = .adam(adam)
    case let descent as GradientDescent<Float>: self = .descent(descent)
    default: preconditionFailure("an optimiser that cannot be kept")
    }
  }

  var optimizer: any Optimizer<Float> {
    switch self {
    case .adam(let adam): adam
    case .descent(let descent): descent
    }
  }
}
