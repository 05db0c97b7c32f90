package import Inputs
package import JobFiles

/// `[corrupt]`: what makes the corrupted runs.
///
/// The default is that of Meng et al., 2022: noise on the embeddings of the subject's tokens, ten
/// samples of three times the standard deviation of the subjects' embeddings. Another prompt in place
/// of noise keeps activations as the model makes them: Zhang and Nanda, 2024,
/// <https://arxiv.org/abs/2309.16042>.
package struct CorruptSection: Sendable, Equatable {
  package enum Way: Sendable, Equatable {
    case noise(Noise)
    /// The run of another prompt of the same length, which each fact names.
    case counterfactual
    /// Zeros in place of the subject's token embeddings.
    case zero
    /// In their place the mean of the embeddings that `of` names.
    case mean(of: Spread)
  }

  private enum Name: String, CaseIterable, Sendable { case noise, counterfactual, zero, mean }

  package enum Noise: Sendable, Equatable {
    /// Normal noise with this standard deviation, in the units of the embedding.
    case absolute(Double)
    /// Normal noise with `factor` times the standard deviation of what `of` names.
    case multiple(factor: Double, of: Spread)
    /// A safetensors file with the noise itself, already scaled: for each fact a tensor
    /// `noise.ID`, `[samples, subject tokens, width]`, or one tensor `noise` for all.
    case file(JobPath)
  }

  /// Which numbers a standard deviation or a mean is taken over.
  package enum Spread: String, CaseIterable, Sendable {
    /// The whole embedding matrix.
    case embeddings
    /// The embeddings of all tokens of all subjects of the data, each subject tokenised alone.
    case subjects
  }

  package let way: Way
  /// Corrupted runs of each fact; nil where the noise file alone says.
  package let samples: Int?
  /// Nil where nothing is drawn.
  package let seed: Int?

  var noise: Noise? { if case .noise(let noise) = way { noise } else { nil } }

  /// The noise file.
  var file: JobPath? { if case .file(let path)? = noise { path } else { nil } }

  /// Which embeddings the corruption follows from; nil: from none.
  var spread: Spread? {
    switch way {
    case .noise(.multiple(_, let spread)), .mean(let spread): spread
    case .noise, .counterfactual, .zero: nil
    }
  }

  /// - Parameter parity: ROME's script seeds with 1.
  package init(_ f: inout Fields, parity: TraceSpec.Parity) throws(Refusal) {
    let name = try f.field(
      "by", .choice(), or: Name.noise, isImplied: true,
      "noise: on the token embeddings of the subject; counterfactual: the run of another prompt of as "
        + "many tokens, which each fact names; zero, mean: zeros, or the mean embedding, in place of "
        + "the subject's. All but noise make one corrupted run of each fact.")
    guard name == .noise || parity == .none else {
      throw f.place(of: "by").refusal(
        "\(quoted(name.rawValue)) beside parity = \(quoted(parity.rawValue))",
        expected: "\"noise\", which alone the published code has")
    }
    let isNoise = Fields.When(
      name == .noise, "by = \"noise\"", of: "by = \(quoted(name.rawValue))")
    let file = try f.optional(
      "noise_file", .path, only: isNoise, apartFrom: ["noise", "multiple", "of", "seed"],
      "Safetensors with the noise itself, already scaled: for each fact a tensor noise.ID, "
        + "[samples, subject tokens, width], or one tensor noise for all.")
    let positive = FieldType.number(above: 0, to: 1e30)
    let absolute = try f.optional(
      "noise", positive, unit: "units of the embedding", only: isNoise,
      "The noise's standard deviation.")
    let isScaled =
      isNoise.holds
      ? Fields.When(file == nil && absolute == nil, "neither noise nor noise_file") : isNoise
    let multiple = try f.field(
      "multiple", positive, or: 3, only: isScaled, apartFrom: ["noise"],
      "The noise's standard deviation, in standard deviations of what `of` names. The level that "
        + "comes of it is in results.zarr and in what plan says.")
    let spread = try f.field(
      "of", .choice(), or: name == .mean ? Spread.embeddings : .subjects,
      usually: "\"subjects\", with by = \"mean\" \"embeddings\"",
      only: name == .mean ? .always : isScaled, apartFrom: ["noise"],
      "subjects: the embeddings of all tokens of the data's subjects; embeddings: the whole matrix."
    )
    let samples = try f.optional(
      "samples", .int(1...100_000), orWritten: file == nil && isNoise.holds ? .int(10) : nil,
      usually: "10, or as many as a noise file has", only: isNoise, "Corrupted runs of each fact.")
    let isDrawn = isNoise.holds ? Fields.When(file == nil, "no noise_file") : isNoise
    let drawn = try f.field(
      "seed", .int(0...Int.max), or: parity == .rome ? 1 : 0,
      usually: "0, with parity = \"rome\" 1", only: isDrawn,
      "Of the noise; each fact's own comes from it and the fact's place in the data.")
    seed = isDrawn.holds ? drawn : nil
    self.samples = isNoise.holds ? samples : 1
    way =
      switch name {
      case .noise:
        if let file {
          .noise(.file(file))
        } else if let absolute {
          .noise(.absolute(absolute))
        } else {
          .noise(.multiple(factor: multiple, of: spread))
        }
      case .counterfactual: .counterfactual
      case .zero: .zero
      case .mean: .mean(of: spread)
      }
  }
}
