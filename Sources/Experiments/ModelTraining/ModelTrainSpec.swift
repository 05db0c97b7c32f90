package import Inputs

/// A job of the kind `train`: a model's own weights trained on labels, from nothing or from trained
/// ones, with every default filled in.
///
/// With `[[interventions]]` it is interchange intervention training as well: the model is also held
/// to what a causal model says of runs in which states of other inputs are exchanged. Geiger et
/// al., 2022, <https://arxiv.org/abs/2112.00826>.
package struct ModelTrainSpec: TrainingSpec {
  static let jobKind = JobKind.train
  package static let kind = jobKind.rawValue

  /// The weights of the two losses.
  package struct Interchange: Sendable, Equatable {
    /// Of runs without interventions.
    package let taskWeight: Double
    /// Of runs with interventions.
    package let weight: Double
  }

  /// The job file, as it was given.
  package let file: String
  /// Where its fields stand.
  let place: JobPlace
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let seed: Int
  package let model: NewModelSection
  package let data: ExampleSection
  package let interventions: [InterventionItem]
  /// Nil where nothing is exchanged.
  package let interchange: Interchange?
  package let train: TrainSection
  package let save: SaveSection
  package let run: RunSection
  package let pace: TrainingPace
  package let slurm: SlurmSection
  /// Empty: there is one training.
  let sweep: SweepSection

  /// What `[pretrain]` of another job says of a training that comes before it.
  static let pretraining = ["seed", "model", "data", "interventions", "interchange", "train"]

  private static let known = [
    "kind", "name", "seed", "model", "data", "interventions", "interchange", "train", "save",
    "run", "slurm",
  ]

  package init(_ document: JobDocument) throws(Refusal) {
    file = document.file
    folder = document.folder
    let folder = document.folder
    let job = try document.field.table(known: Self.known)
    place = job.place
    sweep = try SweepSection(nil, in: job.place)
    let kind = try job.required("kind", expected: "\"\(Self.kind)\"")
    guard try kind.string() == Self.kind else { throw kind.refusal(expected: "\"\(Self.kind)\"") }
    name = try job.optional("name").map { (field) throws(Refusal) in try field.name() }
    seed =
      try job.optional("seed").map { (field) throws(Refusal) in try field.int(in: 0...1 << 53) }
      ?? 0
    model = try NewModelSection(
      job.required("model", expected: "a table [model] with an architecture and its sizes"),
      folder: folder)
    data = try ExampleSection(
      job.required("data", expected: "a table [data] with train and test"), folder: folder)
    var interventions: [InterventionItem] = []
    if let list = job.optional("interventions") {
      for item in try list.items() { interventions.append(try InterventionItem(item)) }
      guard !interventions.isEmpty else {
        throw list.place.refusal("no interventions", expected: "at least one, or no such field")
      }
    }
    self.interventions = interventions
    interchange = try Self.interchange(job, isExchanging: !interventions.isEmpty)
    let section = try job.required("train", expected: "a table [train] with a learning_rate")
    train = try TrainSection(section)
    try Self.check(try section.anyTable())
    save = try SaveSection(job.optional("save"))
    var inputs = [RunSection.Input("the job", file)]
    if case .folder(let section) = model.start {
      inputs.append(.init("the model", section.path.resolved))
    }
    run = try RunSection(
      job.optional("run"), folder: folder, besides: TrainingPace.known, apartFrom: inputs)
    pace = try TrainingPace(job.optional("run"))
    slurm = try SlurmSection(job.optional("slurm"))
  }

  private static func interchange(
    _ job: JobSection, isExchanging: Bool
  ) throws(Refusal) -> Interchange? {
    let field = job.optional("interchange")
    if let field, !isExchanging {
      throw field.place.refusal(
        "interchange without interventions", expected: "[[interventions]] to train with")
    }
    guard isExchanging else { return nil }
    let section = try field?.table(known: ["weight", "task_weight"])
    func weight(_ key: String) throws(Refusal) -> Double {
      try section?.optional(key).map { (field) throws(Refusal) in
        try field.double("a number of at least 0 and at most 1e6") { $0 >= 0 && $0 <= 1e6 }
      } ?? 1
    }
    let (task, own) = (try weight("task_weight"), try weight("weight"))
    guard task + own > 0 else {
      throw (field?.place ?? job.place).refusal(
        "two weights of 0", expected: "one of them above 0")
    }
    return Interchange(taskWeight: task, weight: own)
  }

  /// Refuses what only the training of interventions has.
  private static func check(_ section: JobSection) throws(Refusal) {
    let others = [
      "temperature", "boundary_penalty", "mask_penalty", "boundary_learning_rate",
    ]
    for key in others {
      if let field = section.optional(key) {
        throw field.place.refusal(
          "\(key) for a job of kind \(kind)", expected: "none, since no intervention is trained")
      }
    }
    if let field = section.optional("loss"), try field.string() != "cross_entropy" {
      throw field.refusal(expected: "\"cross_entropy\", the loss of jobs of kind \(kind)")
    }
  }

  var modelName: String { model.name }

  func trained(_ point: DasGrid.Point, in folder: String) -> String { "\(folder)/model" }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "seed": .int(seed), "model": model.canonical,
      "data": data.canonical,
      "interventions": interventions.isEmpty ? nil : .items(interventions.map(\.canonical)),
      "interchange": interchange.map {
        .fields(["weight": .real($0.weight), "task_weight": .real($0.taskWeight)])
      },
      "train": Self.canonical(train), "save": save.canonical,
    ]
  }

  /// The section without the fields that `check` refuses.
  private static func canonical(_ train: TrainSection) -> JobValue {
    guard case .table(var table) = train.canonical.content else { return train.canonical }
    for key in ["temperature", "boundary_penalty", "mask_penalty", "boundary_learning_rate"] {
      table[key] = nil
    }
    return JobValue(.table(table))
  }

  package var canonicalRun: JobValue { pace.added(to: run.canonical) }
}
