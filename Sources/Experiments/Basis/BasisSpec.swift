package import Inputs

/// A job of the kind `basis`: causal bases of a model's activations, with every default filled in.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1.
package struct BasisSpec: JobSpecification {
  package static let kind = JobKind.basis.rawValue

  /// The job file, as it was given.
  package let file: String
  /// The folder that the paths start from.
  package let folder: String
  package let name: String?
  package let model: ModelSection
  package let data: TextSection
  package let basis: BasisSection
  package let save: SaveSection
  package let run: RunSection
  package let pace: CheckpointPace
  package let slurm: SlurmSection

  private static let known = [
    "kind", "name", "model", "data", "basis", "save", "run", "slurm",
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
    basis = try BasisSection(
      job.required("basis", expected: "a table [basis] with directions"), folder: folder)
    save = try SaveSection(job.optional("save"))
    var inputs = [
      RunSection.Input("the model", model.path.resolved), RunSection.Input("the job", file),
    ]
    if let lens = basis.tunedLens { inputs.append(.init("the tuned lens", lens.resolved)) }
    run = try RunSection(
      job.optional("run"), folder: folder, besides: CheckpointPace.known, apartFrom: inputs)
    pace = try CheckpointPace(job.optional("run"))
    slurm = try SlurmSection(job.optional("slurm"))
  }

  package var modelName: String { model.path.written }

  /// What decides the numbers: everything but `name`, `[run]` and `[slurm]`.
  package var numbers: KeyValuePairs<String, JobValue?> {
    [
      "kind": .text(Self.kind), "model": model.canonical, "data": data.canonical,
      "basis": basis.canonical, "save": save.canonical,
    ]
  }

  package var canonicalRun: JobValue { pace.added(to: run.canonical) }
}
