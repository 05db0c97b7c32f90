package import Inputs

/// A job of the kind `das`: interventions trained so that exchanging what they find in a model's
/// states has the effects that a causal model predicts, with every default filled in.
///
/// Distributed alignment search: Geiger et al., 2023, <https://arxiv.org/abs/2303.02536>.
package struct DasSpec: TrainingSpec {
  static let jobKind = JobKind.das
  package static let kind = jobKind.rawValue

  /// The job file, as it was given.
  package let file: String
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let seed: Int
  package let model: ModelSection
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
    "kind", "name", "seed", "model", "data", "interventions", "tensors", "sweep", "train", "save",
    "run", "slurm",
  ]

  package init(_ document: JobDocument) throws(Refusal) {
    file = document.file
    folder = document.folder
    let folder = document.folder
    let job = try document.field.table(known: Self.known)
    let kind = try job.required("kind", expected: "\"\(Self.kind)\"")
    guard try kind.string() == Self.kind else { throw kind.refusal(expected: "\"\(Self.kind)\"") }
    name = try job.optional("name").map { (field) throws(Refusal) in try field.name() }
    seed =
      try job.optional("seed").map { (field) throws(Refusal) in try field.int(in: 0...1 << 53) }
      ?? 0
    model = try ModelSection(
      job.required("model", expected: "a table [model] with a path"), folder: folder)
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
      apartFrom: [
        .init("the model", model.path.resolved), .init("the job", file),
      ])
    pace = try TrainingPace(job.optional("run"))
    slurm = try SlurmSection(job.optional("slurm"))
    try checkSweep()
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

  var modelName: String { model.path.written }

  func trained(_ point: DasGrid.Point, in folder: String) -> String {
    "\(folder)/interventions/\(point.name)"
  }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "seed": .int(seed), "model": model.canonical,
      "data": data.canonical, "interventions": .items(interventions.map(\.canonical)),
      "tensors": tensors.map { .text($0.written) }, "sweep": sweep.canonical,
      "train": train.canonical, "save": save.canonical,
    ]
  }

  package var canonicalRun: JobValue { pace.added(to: run.canonical) }
}
