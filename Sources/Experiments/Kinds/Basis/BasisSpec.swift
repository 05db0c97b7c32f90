package import Inputs
package import JobFiles

/// A job of the kind `basis`: causal bases of a model's activations, with every default filled in.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1.
package struct BasisSpec: JobSpecification {
  package static let jobKind = JobKind.basis

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
  package let canonical: JobTable

  package init(_ f: inout Fields) throws(Refusal) {
    (file, folder) = (f.place.file, f.folder)
    try f.kind(Self.jobKind)
    name = try f.jobName()
    model = try f.required("model", .table(ModelSection.init), "The model.")
    data = try f.required("data", .table(TextSection.init), "The texts.")
    basis = try f.required(
      "basis", .table(BasisSection.init), "What the bases are of, and how they are looked for.")
    save = try f.section("save", FieldText.save) { (f) throws(Refusal) in try SaveSection(&f) }
    var inputs = [
      RunSection.Input("the model", model.path.resolved), RunSection.Input("the job", file),
    ]
    if let lens = basis.tunedLens { inputs.append(.init("the tuned lens", lens.resolved)) }
    (run, pace) = try f.run(apartFrom: inputs, CheckpointPace.init)
    slurm = try f.section("slurm", FieldText.slurm, SlurmSection.init)
    canonical = try f.end()
  }

  package var modelName: String { model.path.written }
}
