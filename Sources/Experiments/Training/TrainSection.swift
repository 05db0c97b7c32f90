internal import Autodiff
package import Inputs
package import Interventions

/// `[train]`: the loss, the optimiser and its schedules, and how the data are gone through.
package struct TrainSection: Sendable, Equatable {
  /// What is made smaller, the mean over examples of what it is of each one's last position.
  package enum Loss: String, CaseIterable, Sendable {
    /// Of the counterfactual label, in nats.
    case crossEntropy = "cross_entropy"
    /// The divergence of the logits' distribution from the source's own, in nats.
    case divergence = "kl"
    /// The logit of the base's label less that of the counterfactual one.
    case logitDifference = "logit_difference"
    /// Between the logits and the source's own.
    case meanSquaredError = "mean_squared_error"

    /// Whether it compares with the logits of the source's own run.
    package var readsSource: Bool { self == .divergence || self == .meanSquaredError }
  }

  package enum Algorithm: String, CaseIterable, Sendable { case sgd, adam, adamw }

  package enum Schedule: String, CaseIterable, Sendable { case constant, linear, cosine }

  /// How long training goes on, unless it is stopped early.
  package enum Length: Sendable, Equatable {
    case epochs(Int)
    case steps(Int)
  }

  /// Temperatures on a straight line from the first step to the last.
  package struct Temperature: Sendable, Equatable {
    package let start: Double
    package let end: Double
  }

  package typealias EarlyStopping = Interventions.EarlyStopping

  package let loss: Loss
  package let algorithm: Algorithm
  package let rate: Double
  /// Of boundaries; nil: as all others.
  package let boundaryRate: Double?
  package let betas: [Double]
  package let epsilon: Double
  package let momentum: Double
  package let weightDecay: Double
  package let schedule: Schedule
  /// Steps over which the rate rises from zero.
  package let warmUp: Int
  package let length: Length
  package let batch: Int
  package let microbatch: Int
  /// Batches whose gradients make one step.
  package let accumulation: Int
  /// The largest norm of a step's gradient; nil: any.
  package let clip: Double?
  package let temperature: Temperature?
  package let boundaryPenalty: Double
  package let maskPenalty: Double
  package let earlyStopping: EarlyStopping?
  /// Steps between evaluations on the development set; nil: an epoch.
  package let evaluateEvery: Int?
  package let shuffle: Bool

  private static let known = [
    "loss", "optimizer", "learning_rate", "boundary_learning_rate", "betas", "epsilon", "momentum",
    "weight_decay", "schedule", "warm_up", "epochs", "steps", "batch", "microbatch",
    "accumulation", "clip", "temperature", "boundary_penalty", "mask_penalty", "early_stopping",
    "evaluate_every", "shuffle",
  ]

  package init(_ field: JobField) throws(Refusal) {
    let section = try field.table(known: Self.known)
    func number(_ key: String, or usual: Double) throws(Refusal) -> Double {
      try section.optional(key).map { (field) throws(Refusal) in
        try field.double("a number of at least 0 and at most 1e30") { $0 >= 0 && $0 <= 1e30 }
      } ?? usual
    }
    func count(_ key: String, from least: Int, or usual: Int) throws(Refusal) -> Int {
      try section.optional(key).map { (field) throws(Refusal) in
        try field.int(in: least...1 << 24)
      } ?? usual
    }
    loss =
      try section.optional("loss").map { (field) throws(Refusal) in try field.choice() }
      ?? .crossEntropy
    algorithm =
      try section.optional("optimizer").map { (field) throws(Refusal) in try field.choice() }
      ?? .adam
    _ = try section.required("learning_rate", expected: "a number such as 0.001")
    rate = try number("learning_rate", or: 0)
    boundaryRate =
      section.optional("boundary_learning_rate") == nil
      ? nil : try number("boundary_learning_rate", or: 0)
    betas = try Self.betas(section)
    epsilon = try number("epsilon", or: 1e-8)
    momentum = try number("momentum", or: 0)
    // PyTorch's defaults: of its optimisers only AdamW decays where nothing is said.
    weightDecay = try number("weight_decay", or: algorithm == .adamw ? 0.01 : 0)
    for key in algorithm == .sgd ? ["betas", "epsilon"] : ["momentum"] {
      if let field = section.optional(key) {
        throw field.place.refusal(
          "\(key) for \(algorithm.rawValue)",
          expected: algorithm == .sgd ? "none: sgd has none" : "none, or optimizer = \"sgd\"")
      }
    }
    schedule =
      try section.optional("schedule").map { (field) throws(Refusal) in try field.choice() }
      ?? .constant
    warmUp = try count("warm_up", from: 0, or: 0)
    try section.refuse("epochs", besides: "steps")
    length =
      section.optional("steps") != nil
      ? .steps(try count("steps", from: 1, or: 1)) : .epochs(try count("epochs", from: 1, or: 1))
    batch = try count("batch", from: 1, or: 16)
    microbatch = try count("microbatch", from: 1, or: min(batch, 8))
    if microbatch > batch {
      throw section.place(of: "microbatch").refusal(
        "\(microbatch)", expected: "at most \(batch), the batch")
    }
    accumulation = try count("accumulation", from: 1, or: 1)
    guard batch <= 1 << 24 / accumulation else {
      throw section.place(of: "accumulation").refusal(
        "\(accumulation) batches of \(batch)", expected: "at most \(1 << 24) examples a step")
    }
    clip = try section.optional("clip").map { (field) throws(Refusal) in
      try field.double("a norm above 0") { $0 > 0 }
    }
    temperature = try section.optional("temperature").map(Self.temperature)
    boundaryPenalty = try number("boundary_penalty", or: 0)
    maskPenalty = try number("mask_penalty", or: 0)
    earlyStopping = try section.optional("early_stopping").map(Self.earlyStopping)
    evaluateEvery = try section.optional("evaluate_every").map { (field) throws(Refusal) in
      try field.int(in: 1...1 << 24)
    }
    shuffle =
      try section.optional("shuffle").map { (field) throws(Refusal) in try field.bool() } ?? true
  }

  private static func betas(_ section: JobSection) throws(Refusal) -> [Double] {
    guard let field = section.optional("betas") else { return [0.9, 0.999] }
    let expected = "two numbers from 0 to below 1"
    var betas: [Double] = []
    for item in try field.items() { betas.append(try item.double(expected) { $0 >= 0 && $0 < 1 }) }
    guard betas.count == 2 else { throw field.refusal(expected: expected) }
    return betas
  }

  private static func temperature(_ field: JobField) throws(Refusal) -> Temperature {
    func positive(_ field: JobField) throws(Refusal) -> Double {
      try field.double("a number above 0 and at most 1e6") { $0 > 0 && $0 <= 1e6 }
    }
    guard case .table = field.value.content else {
      let same = try positive(field)
      return Temperature(start: same, end: same)
    }
    let section = try field.table(known: ["start", "end"])
    let start = try positive(section.required("start", expected: "the first temperature"))
    return Temperature(
      start: start,
      end: try positive(section.required("end", expected: "the last temperature")))
  }

  private static func earlyStopping(_ field: JobField) throws(Refusal) -> EarlyStopping {
    let section = try field.table(known: ["watch", "patience", "threshold"])
    return EarlyStopping(
      watched: try section.optional("watch").map { (field) throws(Refusal) in try field.choice() }
        ?? .accuracy,
      patience: try section.required("patience", expected: "evaluations without a better one")
        .int(in: 1...1 << 24),
      threshold: try section.optional("threshold").map { (field) throws(Refusal) in
        try field.double("a number of at least 0") { $0 >= 0 }
      } ?? 0)
  }

  package var canonical: JobValue {
    let (epochs, steps): (JobValue?, JobValue?) =
      switch length {
      case .epochs(let count): (.int(count), nil)
      case .steps(let count): (nil, .int(count))
      }
    let isDescent = algorithm == .sgd
    return .fields([
      "loss": .text(loss.rawValue), "optimizer": .text(algorithm.rawValue),
      "learning_rate": .real(rate), "boundary_learning_rate": boundaryRate.map(JobValue.real),
      "betas": isDescent ? nil : .items(betas.map(JobValue.real)),
      "epsilon": isDescent ? nil : .real(epsilon), "momentum": isDescent ? .real(momentum) : nil,
      "weight_decay": .real(weightDecay), "schedule": .text(schedule.rawValue),
      "warm_up": .int(warmUp), "epochs": epochs, "steps": steps, "batch": .int(batch),
      "microbatch": .int(microbatch), "accumulation": .int(accumulation),
      "clip": clip.map(JobValue.real),
      "temperature": temperature.map {
        .fields(["start": .real($0.start), "end": .real($0.end)])
      },
      "boundary_penalty": .real(boundaryPenalty), "mask_penalty": .real(maskPenalty),
      "early_stopping": earlyStopping.map {
        .fields([
          "watch": .text($0.watched.rawValue), "patience": .int($0.patience),
          "threshold": .real($0.threshold),
        ])
      },
      "evaluate_every": evaluateEvery.map(JobValue.int), "shuffle": .flag(shuffle),
    ])
  }
}

extension TrainSection {
  /// The loop over so many steps, which watches a development set where there is one.
  func trainer(_ steps: TrainingSteps, watches: Bool) -> Trainer {
    let rates: RateSchedule =
      switch schedule {
      case .constant: .constant(warmUp: warmUp)
      case .linear: .linear(warmUp: warmUp, total: steps.total)
      case .cosine: .cosine(warmUp: warmUp, total: steps.total)
      }
    var trainer = Trainer(steps: steps.total, factor: rates.factor)
    trainer.clip = clip ?? .infinity
    trainer.evaluateEvery = watches ? evaluateEvery ?? steps.perEpoch : nil
    trainer.stopping = earlyStopping
    return trainer
  }

  /// The temperature of a step, of so many in all; nil: it stays.
  func temperature(at step: Int, of total: Int) -> Float? {
    temperature.map {
      let way = total > 1 ? Double(step) / Double(total - 1) : 0
      return Float($0.start + ($0.end - $0.start) * way)
    }
  }

  /// The optimiser over groups of parameters, in PyTorch's semantics.
  func optimizer(_ groups: [ParameterGroup]) -> any Optimizer<Float> {
    switch algorithm {
    case .adam, .adamw:
      Adam<Float>(
        groups, meanKeep: betas[0], squareKeep: betas[1], epsilon: epsilon,
        decay: algorithm == .adam ? .coupled : .decoupled)
    case .sgd: GradientDescent<Float>(groups, momentum: momentum)
    }
  }
}
