internal import Autodiff
package import Inputs
package import Interventions
package import JobFiles

/// `[train]`: the loss, the optimiser and its schedules, and how the data are gone through.
package struct TrainSection: Sendable, Equatable {
  /// What is made smaller, the mean over examples of what it is of each one's last position.
  package typealias Loss = Objective.Loss

  /// What the logits are compared with by the losses that read a whole distribution.
  package enum Target: String, CaseIterable, Sendable {
    /// The logits of the source's own run.
    case source
    /// The label alone: all of the distribution, or a one among zeros.
    case label
  }

  /// What a job trains.
  package enum Subject: Sendable {
    /// Interventions of these types.
    case interventions([String])
    /// A model's own weights.
    case model
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
  package let target: Target
  /// Whether the loss compares with the logits of the source's own run.
  package var readsSource: Bool { loss.readsTarget && target == .source }
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

  private static let tempered = [
    "BoundlessRotatedSpaceIntervention", "SigmoidMaskIntervention",
    "SigmoidMaskRotatedSpaceIntervention",
  ]

  package init(_ f: inout Fields, of subject: Subject) throws(Refusal) {
    var types: [String]?
    if case .interventions(let own) = subject { types = own }
    loss = try f.field(
      "loss", .choice(of: types == nil ? [.crossEntropy] : Loss.allCases), or: .crossEntropy,
      types == nil
        ? "Of the label, in nats."
        : "Of the last position's logits. cross_entropy: of the counterfactual label, in nats; kl: the "
          + "divergence of the target's distribution from theirs, in nats; mean_squared_error: from the "
          + "target's logits; logit_difference: the logit of the foil, or without one of the base's "
          + "label, less that of the counterfactual one.")
    target =
      types == nil
      ? .label
      : try f.optional(
        "target", .choice(), usually: "source",
        only: Fields.When(
          loss.readsTarget, "loss = \"kl\" or \"mean_squared_error\"", of: quoted(loss.rawValue)),
        "source: the logits of the source's own run, which must answer as the label says; label: all "
          + "of the probability at the label, or for mean_squared_error a 1 there among zeros.")
        ?? .source
    algorithm = try f.field(
      "optimizer", .choice(), or: .adam, "PyTorch's optimiser of that name, with its defaults.")
    let share = FieldType.number(0...1e30)
    let adaptive = Fields.When(
      algorithm != .sgd, "optimizer = \"adam\" or \"adamw\"", of: algorithm.rawValue)
    rate = try f.required("learning_rate", share, "The step size, before the schedule.")
    betas = try f.field(
      "betas", .list(of: .number(0..<1), "numbers", count: 2...2), or: [0.9, 0.999], only: adaptive,
      "What each step keeps of the means of gradients and of their squares.")
    epsilon = try f.field(
      "epsilon", share, or: 1e-8, only: adaptive, "Added to the root of the mean square.")
    momentum = try f.field(
      "momentum", share, or: 0,
      only: Fields.When(algorithm == .sgd, "optimizer = \"sgd\"", of: algorithm.rawValue),
      "What a step keeps of the last one's pace.")
    // PyTorch's defaults: of its optimisers only AdamW decays where nothing is said.
    weightDecay = try f.field(
      "weight_decay", share, or: algorithm == .adamw ? 0.01 : 0, usually: "0, with adamw 0.01",
      "What a step takes off each parameter, as a share of it in units of the rate.")
    schedule = try f.field(
      "schedule", .choice(), or: .constant,
      "How the rate goes after the warm-up: as it is, on a straight line to 0, or on half a cosine."
    )
    let count = FieldType.int(1...1 << 24)
    warmUp = try f.field(
      "warm_up", .int(0...1 << 24), or: 0, unit: "steps",
      "Steps over which the rate rises on a straight line from 0.")
    let steps = try f.optional(
      "steps", count, unit: "steps", "How long training goes on, in place of epochs.")
    let epochs = try f.optional(
      "epochs", count, orWritten: steps == nil ? .int(1) : nil, usually: "1", apartFrom: ["steps"],
      "How often training goes through the data.")
    length = steps.map { .steps($0) } ?? .epochs(epochs ?? 1)
    batch = try f.field("batch", count, or: 16, unit: "examples", "Examples of a batch.")
    microbatch = try f.field(
      "microbatch", count, or: min(batch, 8), usually: "8, or the batch if less", unit: "examples",
      "What a thread computes at a time; part of the job, unlike ranks.")
    if microbatch > batch {
      throw f.place(of: "microbatch").refusal(
        "\(microbatch)", expected: "at most \(batch), the batch")
    }
    accumulation = try f.field(
      "accumulation", count, or: 1, unit: "batches", "Batches whose gradients make one step.")
    guard batch <= 1 << 24 / accumulation else {
      throw f.place(of: "accumulation").refusal(
        "\(accumulation) batches of \(batch)", expected: "at most \(1 << 24) examples a step")
    }
    clip = try f.optional(
      "clip", .number(above: 0), usually: "any", "The largest norm of a step's gradient.")
    if let types {
      let boundless = "BoundlessRotatedSpaceIntervention"
      func with(_ needed: [String], keepsUsual: Bool = false) -> Fields.When {
        Fields.When(
          types.contains(where: needed.contains),
          "an intervention of the type \(needed.joined(separator: ", "))",
          of: Set(types).sorted().joined(separator: ", "), keepsUsual: keepsUsual)
      }
      boundaryRate = try f.optional(
        "boundary_learning_rate", share, usually: "the learning_rate", only: with([boundless]),
        "The step size of boundaries.")
      temperature = try f.optional(
        "temperature", .temperature, usually: "the intervention's own stays",
        only: with(Self.tempered),
        "How soft boundaries and masks are; with { start, end } on a straight line from the first "
          + "step to the last.")
      boundaryPenalty = try f.field(
        "boundary_penalty", share, or: 0, only: with([boundless], keepsUsual: true),
        "Weight in the loss of the sum of boundaries, each the share of coordinates it lets through."
      )
      maskPenalty = try f.field(
        "mask_penalty", share, or: 0,
        only: with(Array(Self.tempered.dropFirst()), keepsUsual: true),
        "Weight in the loss of the sum of the masks' entries, which lets fewer coordinates through."
      )
    } else {
      (boundaryRate, temperature, boundaryPenalty, maskPenalty) = (nil, nil, 0, 0)
    }
    earlyStopping = try f.optional(
      "early_stopping", .table(EarlyStopping.init), "What ends training on the development set.")
    evaluateEvery = try f.optional(
      "evaluate_every", count, usually: "an epoch", unit: "steps",
      "Steps between looks at the development set.")
    shuffle = try f.field(
      "shuffle", .flag, or: true, "Whether each epoch has an order of its own, from the seed.")
  }
}

extension TrainSection.EarlyStopping {
  fileprivate init(_ f: inout Fields) throws(Refusal) {
    let watched: Watched = try f.field("watch", .choice(), or: .accuracy, "What is watched.")
    let patience = try f.required(
      "patience", .int(1...1 << 24).called("evaluations without a better one"),
      "Evaluations in a row without a better one after which training ends.")
    let threshold = try f.field(
      "threshold", .number(from: 0), or: 0, "The least change that counts as better.")
    self.init(watched: watched, patience: patience, threshold: threshold)
  }
}

extension FieldType where Value == TrainSection.Temperature {
  /// A number, or the first and the last.
  fileprivate static var temperature: FieldType {
    let number = FieldType<Double>.number(above: 0, to: 1e6)
    return FieldType(
      "\(number.words), or { start = ..., end = ... }", placeholder: Value(start: 1, end: 1),
      canonical: { .fields(["start": .real($0.start), "end": .real($0.end)]) }
    ) { (field, folder) throws(Refusal) in
      guard case .table = field.value.content else {
        let same = try number.value(of: field)
        return Value(start: same, end: same)
      }
      return try FieldType.table { (f) throws(Refusal) in
        Value(
          start: try f.required("start", number, "The first."),
          end: try f.required("end", number, "The last."))
      }.value(of: field, folder: folder)
    }
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
