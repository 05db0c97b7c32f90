package import Inputs

extension LensSettings {
  /// The fields of `[lens]` but its layers.
  init(_ f: inout Fields) throws(Refusal) {
    self.init()
    algorithm = try f.field(
      "optimizer", .choice(), or: algorithm, "PyTorch's optimiser of that name.")
    let isDescent = algorithm == .sgd
    rate = try f.field(
      "learning_rate", .number(0...1e30), or: isDescent ? 0.1 : 1e-3,
      usually: "0.1, with adam 0.001", "The step size, before the schedule.")
    momentum = try f.field(
      "momentum", .number(0..<1), or: momentum, only: Fields.When(isDescent, "optimizer = \"sgd\""),
      "The share of its pace that a step keeps, looking ahead by it (Nesterov).")
    weightDecay = try f.field(
      "weight_decay", .number(0...1e30), or: weightDecay,
      "The share of each weight that a step takes off, in units of the rate.")
    steps = try f.field("steps", .int(1...1 << 24), or: steps, "Steps of each layer's training.")
    batch = try f.field(
      "batch", .int(1...1 << 20), or: batch, unit: "microbatches",
      "Microbatches whose gradients make one step.")
    clip = try f.field(
      "clip", .number(above: 0), or: 1, "The largest norm of a layer's gradient.")
    warmUp = try f.field(
      "warm_up", .int(0...steps), or: 0, unit: "steps",
      "Steps over which the rate rises from 0; then it falls to 0 on a straight line.")
    hasBias = try f.field("bias", .flag, or: true, "Whether the translators have one.")
    seed = UInt64(try f.field("seed", .seed, or: 0, "Of the order of tokens."))
    microbatchRows = try f.field(
      "microbatch", .int(1...1 << 20), or: microbatchRows, unit: "tokens",
      "Tokens that go through the model together; part of the job, unlike ranks.")
    skippedPositions = try f.field(
      "skip_positions", .int(0...1 << 20), or: 0, unit: "tokens",
      "Positions left out at the start of each text.")
  }
}

/// A job of the kind `lens`: a tuned lens for a model, with every default filled in.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 3.
package struct LensSpec: JobSpecification {
  package static let kind = JobKind.lens.rawValue

  /// The job file, as it was given.
  package let file: String
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let model: ModelSection
  package let data: TextSection
  package let layers: LayerSelection
  let settings: LensSettings
  package let save: SaveSection
  package let run: RunSection
  package let pace: CheckpointPace
  package let slurm: SlurmSection

  private static let known = [
    "kind", "name", "model", "data", "lens", "save", "run", "slurm",
  ]
  package init(_ document: JobDocument) throws(Refusal) {
    file = document.file
    folder = document.folder
    let folder = document.folder
    let job = try document.field.table(known: Self.known)
    let kind = try job.required("kind", expected: "\"\(Self.kind)\"")
    guard try kind.string() == Self.kind else { throw kind.refusal(expected: "\"\(Self.kind)\"") }
    name = try job.optional("name").map { (field) throws(Refusal) in try field.name() }
    model = try ModelSection(
      job.required("model", expected: "a table [model] with a path"), folder: folder)
    data = try TextSection(
      job.required("data", expected: "a table [data] with texts"), folder: folder)
    var f = try Fields(
      job.required("lens", expected: "a table [lens] with steps"), folder: folder)
    layers =
      try f.written("layers").map { (field) throws(Refusal) in try LayerSelection(field) }
      ?? .every(at: f.place(of: "layers"))
    _ = try f.optional("layers", .any("layers"), "The layers.")
    settings = try LensSettings(&f)
    _ = try f.end()
    save = try SaveSection(job.optional("save"))
    run = try RunSection(
      job.optional("run"), folder: folder, besides: CheckpointPace.known,
      apartFrom: [
        .init("the model", model.path.resolved), .init("the job", file),
      ])
    pace = try CheckpointPace(job.optional("run"))
    slurm = try SlurmSection(job.optional("slurm"))
  }

  private var lens: JobValue {
    .fields([
      "layers": layers.canonical, "optimizer": .text(settings.algorithm.rawValue),
      "learning_rate": .real(settings.rate),
      "momentum": settings.algorithm == .sgd ? .real(settings.momentum) : nil,
      "weight_decay": .real(settings.weightDecay), "steps": .int(settings.steps),
      "batch": .int(settings.batch), "clip": settings.clip.map(JobValue.real),
      "warm_up": .int(settings.warmUp), "bias": .flag(settings.hasBias),
      "seed": .int(Int(settings.seed)), "microbatch": .int(settings.microbatchRows),
      "skip_positions": .int(settings.skippedPositions),
    ])
  }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "model": model.canonical, "data": data.canonical, "lens": lens,
      "save": save.canonical,
    ]
  }

  package var canonicalRun: JobValue { pace.added(to: run.canonical) }
}
