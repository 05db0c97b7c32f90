package import Inputs

/// `[corrupt]`: the noise on the embeddings of the subject's tokens.
///
/// The default is that of Meng et al., 2022: ten samples of three times the standard deviation of
/// the subjects' embeddings.
package struct CorruptSection: Sendable, Equatable {
  package enum Noise: Sendable, Equatable {
    /// Normal noise with this standard deviation, in the units of the embedding.
    case absolute(Double)
    /// Normal noise with `factor` times the standard deviation of what `of` names.
    case multiple(factor: Double, of: Spread)
    /// A safetensors file with the noise itself, already scaled: for each fact a tensor
    /// `noise.ID`, `[samples, subject tokens, width]`, or one tensor `noise` for all.
    case file(JobPath)
  }

  /// Which numbers the standard deviation is taken over.
  package enum Spread: String, CaseIterable, Sendable {
    /// The whole embedding matrix.
    case embeddings
    /// The embeddings of all tokens of all subjects of the data, each subject tokenised alone.
    case subjects
  }

  package let noise: Noise
  /// Corrupted runs of each fact; nil where the noise file alone says.
  package let samples: Int?
  /// Nil where nothing is drawn.
  package let seed: Int?

  /// - Parameter parity: ROME's script seeds with 1.
  package init(_ f: inout Fields, parity: TraceSpec.Parity) throws(Refusal) {
    let file = try f.optional(
      "noise_file", .path, apartFrom: ["noise", "multiple", "of", "seed"],
      "Safetensors with the noise itself, already scaled: for each fact a tensor noise.ID, "
        + "[samples, subject tokens, width], or one tensor noise for all.")
    let positive = FieldType.number(above: 0, to: 1e30)
    let absolute = try f.optional(
      "noise", positive, unit: "units of the embedding",
      "The noise's standard deviation.")
    let isScaled = Fields.When(file == nil && absolute == nil, "neither noise nor noise_file")
    let multiple = try f.field(
      "multiple", positive, or: 3, only: isScaled, apartFrom: ["noise"],
      "The noise's standard deviation, in standard deviations of what `of` names. The level that "
        + "comes of it is in results.zarr and in what plan says.")
    let spread = try f.field(
      "of", .choice(), or: Spread.subjects, only: isScaled, apartFrom: ["noise"],
      "subjects: the embeddings of all tokens of the data's subjects; embeddings: the whole matrix."
    )
    samples = try f.optional(
      "samples", .int(1...100_000), orWritten: file == nil ? .int(10) : nil,
      usually: "10, or as many as a noise file has", "Corrupted runs of each fact.")
    let drawn = try f.field(
      "seed", .int(0...Int.max), or: parity == .rome ? 1 : 0,
      usually: "0, with parity = \"rome\" 1", only: Fields.When(file == nil, "no noise_file"),
      "Of the noise; each fact's own comes from it and the fact's place in the data.")
    seed = file == nil ? drawn : nil
    noise =
      if let file { .file(file) } else if let absolute { .absolute(absolute) } else {
        .multiple(factor: multiple, of: spread)
      }
  }
}
