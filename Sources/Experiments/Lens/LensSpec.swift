package import Inputs

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
  private static let lensKeys = [
    "layers", "optimizer", "learning_rate", "momentum", "weight_decay", "steps", "batch", "clip",
    "warm_up", "bias", "seed", "microbatch", "skip_positions",
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
    let lens = try job.required("lens", expected: "a table [lens] with steps")
      .table(known: Self.lensKeys)
    layers =
      try lens.optional("layers").map { (field) throws(Refusal) in try LayerSelection(field) }
      ?? .every(at: lens.place(of: "layers"))
    settings = try Self.settings(lens)
    save = try SaveSection(job.optional("save"))
    run = try RunSection(
      job.optional("run"), folder: folder, besides: CheckpointPace.known,
      apartFrom: [
        .init("the model", model.path.resolved), .init("the job", file),
      ])
    pace = try CheckpointPace(job.optional("run"))
    slurm = try SlurmSection(job.optional("slurm"))
  }

  private static func settings(_ lens: JobSection) throws(Refusal) -> LensSettings {
    func int(_ key: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int? {
      try lens.optional(key).map { (field) throws(Refusal) in try field.int(in: range) }
    }
    func number(_ key: String) throws(Refusal) -> Double? {
      try lens.optional(key).map { (field) throws(Refusal) in
        try field.double("a number of at least 0 and at most 1e30") { $0 >= 0 && $0 <= 1e30 }
      }
    }
    var settings = LensSettings()
    settings.algorithm =
      try lens.optional("optimizer").map { (field) throws(Refusal) in try field.choice() } ?? .sgd
    let isDescent = settings.algorithm == .sgd
    if !isDescent, let momentum = lens.optional("momentum") {
      throw momentum.place.refusal(
        "momentum for \(settings.algorithm.rawValue)", expected: "none, or optimizer = \"sgd\"")
    }
    settings.momentum =
      try lens.optional("momentum").map { (field) throws(Refusal) in
        try field.double("a number from 0 to below 1") { $0 >= 0 && $0 < 1 }
      } ?? settings.momentum
    settings.rate = try number("learning_rate") ?? (isDescent ? 0.1 : 1e-3)
    settings.weightDecay = try number("weight_decay") ?? settings.weightDecay
    settings.steps = try int("steps", 1...1 << 24) ?? settings.steps
    settings.batch = try int("batch", 1...1 << 20) ?? settings.batch
    settings.clip =
      try lens.optional("clip").map { (field) throws(Refusal) in
        try field.double("a norm above 0") { $0 > 0 }
      } ?? settings.clip
    settings.warmUp = try int("warm_up", 0...settings.steps) ?? 0
    settings.hasBias =
      try lens.optional("bias").map { (field) throws(Refusal) in try field.bool() } ?? true
    settings.seed = UInt64(try int("seed", 0...1 << 53) ?? 0)
    settings.microbatchRows = try int("microbatch", 1...1 << 20) ?? settings.microbatchRows
    settings.skippedPositions = try int("skip_positions", 0...1 << 20) ?? 0
    return settings
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

  package var modelName: String { model.path.written }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "model": model.canonical, "data": data.canonical, "lens": lens,
      "save": save.canonical,
    ]
  }

  package var canonicalRun: JobValue { pace.added(to: run.canonical) }
}
