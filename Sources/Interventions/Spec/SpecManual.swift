package import Inputs
internal import JobFiles

/// The manual of specifications: every field, as what reads it names it.
package struct SpecManual {
  private let fields: FieldManual

  package init() throws(Refusal) { fields = FieldManual(try InterventionSpec.manual()) }

  private static let says =
    "A specification of one intervened run, JSON, or TOML if its name ends in .toml, for causeway "
    + "intervene. Names of tensors are NAME of in.NAME in the safetensors file of the "
    + "specification's own name; paths start from its folder."

  /// For a terminal of 100 columns.
  package var text: String { FieldManual.wrapped(Self.says, indent: 0) + "\n" + fields.text }

  /// For the documentation.
  package var markdown: String {
    "# Fields of specifications\n\nWritten by `causeway help spec --markdown`.\n\n\(Self.says)\n\n"
      + fields.markdown
  }
}
