package import Inputs
package import JobFiles
package import Prompts

/// A job of the kind `basis`: causal bases of a model's activations, with every default filled in.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1.
package struct BasisSpec: JobSpecification {
  package static let jobKind = JobKind.basis

  package let model: ModelSection
  package let data: TextSection
  /// The dump that the texts' streams are read from; nil: they are computed.
  let source: DumpSource?
  package let basis: BasisSection
  package let common: CommonSections
  package let pace: CheckpointPace

  package init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    model = try f.model()
    data = try f.required("data", .table(TextSection.init), "The texts.")
    source = try f.optional(
      "source", .table { (f) throws(Refusal) in try DumpSource(&f, for: "texts") },
      usually: "the model's own layers",
      "The dump that hidden states are read from: of these texts at all positions, with block_input of "
        + "the layers or block_output of the ones below them.")
    basis = try f.required(
      "basis", .table(BasisSection.init), "What the bases are of, and how they are looked for.")
    let lens = basis.tunedLens.map { [RunSection.Input("the tuned lens", $0.resolved)] } ?? []
    (common, pace) = try f.common(
      name: name, apartFrom: model, and: lens + (source.map { [$0.input] } ?? []),
      CheckpointPace.init)
  }

  package var modelName: String { model.path.written }
}
