package import Inputs

/// A job of the kind `trace`: causal tracing, with every default filled in.
///
/// A fact's subject is corrupted with noise; then, cell by cell, one site's clean value is put
/// back at one layer and position, and the metric says how much of the answer comes back with it.
/// Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, section 2.1.
package struct TraceSpec: JobSpecification {
  /// What of the published code a run follows to the letter.
  package enum Parity: String, CaseIterable, Sendable {
    /// Each fact has its own noise, drawn from the seed and its place in the data.
    case none
    /// The generator starts anew for each fact, so facts whose subjects have as many tokens get
    /// the same noise.
    case rome
  }

  package static let kind = JobKind.trace.rawValue

  /// The job file, as it was given.
  package let file: String
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let model: ModelSection
  package let data: DataSection
  package let corrupt: CorruptSection
  package let restore: [Restoration]
  package let metric: MetricSection
  package let parity: Parity
  package let save: SaveSection
  package let run: RunSection
  package let slurm: SlurmSection

  private static let known = [
    "kind", "name", "parity", "model", "data", "corrupt", "restore", "metric", "save", "run",
    "slurm",
  ]

  package init(_ document: JobDocument) throws(Refusal) {
    file = document.file
    folder = document.folder
    let job = try document.field.table(known: Self.known)
    let kind = try job.required("kind", expected: "\"\(Self.kind)\"")
    guard try kind.string() == Self.kind else { throw kind.refusal(expected: "\"\(Self.kind)\"") }
    name = try job.optional("name").map { (field) throws(Refusal) in try field.name() }
    model = try ModelSection(
      job.required("model", expected: "a table [model] with a path"), folder: folder)
    data = try DataSection(
      job.required("data", expected: "a table [data] with facts"), folder: folder)
    parity =
      try job.optional("parity").map { (field) throws(Refusal) in try field.choice() } ?? .none
    corrupt = try CorruptSection(job.optional("corrupt"), folder: folder, parity: parity)
    restore = try Restoration.list(job.optional("restore"), in: job.place)
    metric = try MetricSection(job.optional("metric"))
    save = try SaveSection(job.optional("save"))
    run = try RunSection(
      job.optional("run"), folder: folder,
      apartFrom: [
        .init("the model", model.path.resolved), .init("the job", file),
      ])
    slurm = try SlurmSection(job.optional("slurm"))
  }

  package var modelName: String { model.path.written }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "parity": .text(parity.rawValue), "model": model.canonical,
      "data": data.canonical, "corrupt": corrupt.canonical,
      "restore": .items(restore.map(\.canonical)), "metric": metric.canonical,
      "save": save.canonical,
    ]
  }
}
