package import Inputs

/// A job of the kind `das`: interventions trained so that exchanging what they find in a model's
/// states has the effects that a causal model predicts, with every default filled in.
///
/// Distributed alignment search: Geiger et al., 2023, <https://arxiv.org/abs/2303.02536>.
package struct DasSpec: TrainingSpec {
  /// Where the model comes from.
  package enum Model: Sendable {
    case folder(ModelSection)
    /// `[pretrain]`: the job trains it first, in a run of its own inside the run's folder.
    case pretrained(ModelTrainSpec)

    /// Where the job says it.
    var key: String {
      switch self {
      case .folder: "model"
      case .pretrained: "pretrain"
      }
    }
  }

  static let jobKind = JobKind.das
  package static let kind = jobKind.rawValue

  /// The job file, as it was given.
  package let file: String
  let place: JobPlace
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let seed: Int
  package let model: Model
  package let data: ExampleSection
  package let interventions: [InterventionItem]
  /// A safetensors file with the tensors that descriptions name.
  package let tensors: JobPath?
  package let sweep: SweepSection
  package let train: TrainSection
  package let save: SaveSection
  package let run: RunSection
  package let pace: TrainingPace
  package let slurm: SlurmSection

  private static let known = [
    "kind", "name", "seed", "model", "pretrain", "data", "interventions", "tensors", "sweep",
    "train", "save",
    "run", "slurm",
  ]

  package init(_ document: JobDocument) throws(Refusal) {
    file = document.file
    folder = document.folder
    let folder = document.folder
    let job = try document.field.table(known: Self.known)
    place = job.place
    let kind = try job.required("kind", expected: "\"\(Self.kind)\"")
    guard try kind.string() == Self.kind else { throw kind.refusal(expected: "\"\(Self.kind)\"") }
    name = try job.optional("name").map { (field) throws(Refusal) in try field.name() }
    seed =
      try job.optional("seed").map { (field) throws(Refusal) in try field.int(in: 0...1 << 53) }
      ?? 0
    model = try Self.model(document, job)
    data = try ExampleSection(
      job.required("data", expected: "a table [data] with train and test"), folder: folder)
    let list = try job.required(
      "interventions", expected: "[[interventions]], each with an intervention_type")
    var interventions: [InterventionItem] = []
    for item in try list.items() { interventions.append(try InterventionItem(item)) }
    guard !interventions.isEmpty else {
      throw list.place.refusal("no interventions", expected: "at least one")
    }
    self.interventions = interventions
    tensors = try job.optional("tensors").map { (field) throws(Refusal) in
      try field.path(from: folder)
    }
    sweep = try SweepSection(job.optional("sweep"), in: job.place)
    train = try TrainSection(
      job.required("train", expected: "a table [train] with a learning_rate"))
    save = try SaveSection(job.optional("save"))
    run = try RunSection(
      job.optional("run"), folder: folder, besides: TrainingPace.known,
      apartFrom: Self.inputs(model) + [.init("the job", file)])
    pace = try TrainingPace(job.optional("run"))
    slurm = try SlurmSection(job.optional("slurm"))
    try checkSweep()
  }

  private static func model(_ document: JobDocument, _ job: JobSection) throws(Refusal) -> Model {
    try job.refuse("pretrain", besides: "model")
    guard let field = job.optional("pretrain") else {
      return .folder(
        try ModelSection(
          job.required(
            "model", expected: "a table [model] with a path, or [pretrain] to train one first"),
          folder: document.folder))
    }
    let section = try field.table(known: ModelTrainSpec.pretraining)
    // How the whole job is run holds for its first part too, in another folder.
    var run = try job.optional("run")?.anyTable().table
    run?["output"] = nil
    return .pretrained(
      try ModelTrainSpec(
        document.part(
          section,
          usual: [
            ("kind", .text(ModelTrainSpec.kind)), ("seed", job.table["seed"]),
            ("run", run.map { JobValue(.table($0)) }),
          ])))
  }

  /// What the model is read from, where no run may be written.
  private static func inputs(_ model: Model) -> [RunSection.Input] {
    switch model {
    case .folder(let section): return [.init("the model", section.path.resolved)]
    case .pretrained(let first):
      guard case .folder(let section) = first.model.start else { return [] }
      return [.init("the model", section.path.resolved)]
    }
  }

  /// Refuses axes of the sweep that nothing follows, and interventions that say nothing of a layer.
  private func checkSweep() throws(Refusal) {
    let axes = [
      ("layers", sweep.layers != nil, interventions.contains(where: \.needsLayer), "layer"),
      (
        "positions", sweep.positions != nil, interventions.contains { $0.position == nil },
        "position"
      ),
      (
        "widths", sweep.widths != nil, interventions.contains { $0.openWidth != nil },
        "low_rank_dimension (or the like)"
      ),
    ]
    for (axis, isSwept, isOpen, field) in axes where isSwept && !isOpen {
      throw sweep.place.member(axis).refusal(
        "\(axis) that no intervention follows", expected: "an intervention without \(field)")
    }
  }

  var modelName: String {
    switch model {
    case .folder(let section): section.path.written
    case .pretrained(let first): first.modelName
    }
  }

  func trained(_ point: DasGrid.Point, in folder: String) -> String {
    "\(folder)/interventions/\(point.name)"
  }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "seed": .int(seed), "\(model.key)": model.canonical,
      "data": data.canonical, "interventions": .items(interventions.map(\.canonical)),
      "tensors": tensors.map { .text($0.written) }, "sweep": sweep.canonical,
      "train": train.canonical, "save": save.canonical,
    ]
  }

  package var canonicalRun: JobValue { pace.added(to: run.canonical) }
}

extension DasSpec.Model {
  fileprivate var canonical: JobValue {
    switch self {
    case .folder(let section): return section.canonical
    case .pretrained(let first):
      var table = JobTable()
      for (key, value) in first.numbers where ModelTrainSpec.pretraining.contains(key) {
        table[key] = value
      }
      return JobValue(.table(table))
    }
  }
}
