internal import Inputs
internal import JobFiles

/// `train`: steps over batches in turn, an optimiser and its schedules.
struct TrainFields: Sendable {
  enum Algorithm: String, CaseIterable {
    case adam = "Adam"
    case adamW = "AdamW"
    case sgd = "SGD"
  }

  /// Parameters that share a rate.
  struct Group: Sendable {
    let names: [JSONField]
    let rate: Double
    let weightDecay: Double?
  }

  /// Where it stands, for refusals.
  let place: JobPlace
  let target: InterventionSpec.Target
  let algorithm: Algorithm
  let steps: Int
  let rate: Double?
  let groups: [Group]?
  /// By step; nil: temperatures stay.
  let temperatures: [Double]?
  /// By step, a factor of every rate.
  let factors: [Double]?
  let boundaryWeight: Double
  /// Batches whose gradients are averaged for one step.
  let accumulation: Int
  let betas: [Double]
  let epsilon: Double
  let momentum: Double
  let weightDecay: Double
  let batches: [BatchFields]
  /// Batches on which what was trained is tried at the end.
  let evaluation: [BatchFields]

  /// - Parameter objective: The specification's.
  init(_ f: inout Fields, _ objective: ObjectiveFields) throws(Refusal) {
    place = f.place
    target = try f.field(
      "parameters", .choice(), or: .interventions, "What is trained.")
    algorithm = try f.field("optimizer", .choice(), or: .adam, "As PyTorch has it.")
    steps = try f.required("steps", .int(1...1 << 24), "Steps, each over the next batches in turn.")
    rate = try f.optional(
      "lr", .number(from: 0), needed: Fields.When(!f.has("groups"), "without groups"),
      apartFrom: ["groups"], "The learning rate.")
    groups = try f.optional(
      "groups",
      .tables { (f, _) throws(Refusal) in
        Group(
          names: try f.required(
            "names", .names,
            "Parameters: I.NAME, I the number of the representation, or the model's own names."),
          rate: try f.required("lr", .number(from: 0), "The group's learning rate."),
          weightDecay: try f.optional(
            "weight_decay", .number(from: 0), usually: "train.weight_decay", "The group's."))
      }, usually: "all that can be trained", apartFrom: ["lr"],
      "Parameters with rates of their own; no others are trained.")
    let isAdam = Fields.When(
      algorithm != .sgd, "optimizer = \"Adam\" or \"AdamW\"", of: "optimizer = \"SGD\"")
    betas = try f.field(
      "betas", .numbers("two numbers from 0 to below 1"),
      orWritten: .items([.real(0.9), .real(0.999)]),
      only: isAdam, "How much of the running means of gradients and of their squares is kept.")
    epsilon = try f.field(
      "eps", .number(from: 0), or: 1e-8, only: isAdam, "Added to the root of the mean square.")
    momentum = try f.field(
      "momentum", .number(from: 0), or: 0,
      only: Fields.When(
        f.isManual || algorithm == .sgd, "optimizer = \"SGD\"",
        of: "optimizer = \"\(algorithm.rawValue)\""), "Of the steps before.")
    weightDecay = try f.field("weight_decay", .number(from: 0), or: 0, "Of every parameter.")
    accumulation = try f.field(
      "gradient_accumulation_steps", .int(1...1 << 20), or: 1,
      "Batches whose gradients make one step, the mean over their examples.")
    let isOfInterventions = Fields.When(
      target == .interventions, "parameters = \"interventions\"", of: "parameters = \"model\"")
    let count = f.isManual ? 0 : steps
    factors = try f.optional(
      "lr_factors", .schedule(of: count), usually: "1", "By step, a factor of every learning rate.")
    temperatures = try f.optional(
      "temperatures", .temperatures(of: count), usually: "they stay", only: isOfInterventions,
      "By step, the temperature of the types that have one.")
    boundaryWeight = try f.field(
      "boundary_weight", .finite, or: 0, only: isOfInterventions,
      "Factor of the sum of boundaries that is added to the loss.")
    batches = try f.required(
      "batches", .tables { (f, _) throws(Refusal) in try BatchFields(&f, objective) },
      "What is trained on, in turn; unit_locations, subspaces and source_representations are the "
        + "specification's unless a batch has its own.")
    evaluation =
      try f.optional(
        "evaluate",
        .tables(atLeast: 0) { (f, _) throws(Refusal) in try BatchFields(&f, objective) },
        usually: "none", "Batches on which the trained interventions are tried at the end.") ?? []
    if f.isManual { return }
    guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else {
      throw f.place(of: "betas").refusal("\(betas)", expected: "two numbers from 0 to below 1")
    }
  }
}

extension FieldType where Value == [JSONField] {
  /// Names, each with its place.
  fileprivate static var names: FieldType {
    json("a list of names", []) { (field) throws(Refusal) in try field.items() }
  }
}

extension FieldType where Value == [Double] {
  /// A number for each step.
  fileprivate static func schedule(of steps: Int) -> FieldType {
    json("a number for each step", []) { (field) throws(Refusal) in
      let numbers = try field.numbers()
      guard numbers.count == steps else {
        throw field.refusal("\(numbers.count) numbers", expected: "\(steps), one for each step")
      }
      return numbers
    }
  }

  fileprivate static func temperatures(of steps: Int) -> FieldType {
    let schedule = schedule(of: steps)
    return json("a number above 0 for each step", []) { (field) throws(Refusal) in
      let numbers = try schedule.value(
        of: JobField(JobValue(json: field.value), at: .specification(field)))
      if let bad = numbers.first(where: { $0 <= 0 }) {
        throw field.refusal("\(bad)", expected: "numbers above 0")
      }
      return numbers
    }
  }
}
