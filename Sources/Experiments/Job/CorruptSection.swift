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
  package init(_ field: JobField?, folder: String, parity: TraceSpec.Parity) throws(Refusal) {
    let defaultSeed = parity == .rome ? 1 : 0
    guard let field else {
      (noise, samples, seed) = (.multiple(factor: 3, of: .subjects), 10, defaultSeed)
      return
    }
    let section = try field.table(
      known: ["noise", "multiple", "of", "samples", "seed", "noise_file"])
    for drawn in ["noise", "multiple", "of", "seed"] {
      try section.refuse("noise_file", besides: drawn)
    }
    let count = try section.optional("samples").map { (field) throws(Refusal) in
      try field.int(in: 1...100_000)
    }
    if let file = section.optional("noise_file") {
      (noise, samples, seed) = (.file(try file.path(from: folder)), count, nil)
      return
    }
    try section.refuse("multiple", besides: "noise")
    try section.refuse("of", besides: "noise")
    func positive(_ field: JobField) throws(Refusal) -> Double {
      try field.double("a finite number above 0 and at most 1e30") { $0 > 0 && $0 <= 1e30 }
    }
    if let absolute = section.optional("noise") {
      noise = .absolute(try positive(absolute))
    } else {
      noise = .multiple(
        factor: try section.optional("multiple").map(positive) ?? 3,
        of: try section.optional("of").map { (field) throws(Refusal) in try field.choice() }
          ?? .subjects)
    }
    samples = count ?? 10
    seed =
      try section.optional("seed").map { (field) throws(Refusal) in
        try field.int(in: 0...Int.max)
      } ?? defaultSeed
  }

  package var canonical: JobValue {
    let samples = samples.map(JobValue.int)
    let seed = seed.map(JobValue.int)
    return switch noise {
    case .absolute(let level):
      .fields(["noise": .real(level), "samples": samples, "seed": seed])
    case .multiple(let factor, let spread):
      .fields([
        "multiple": .real(factor), "of": .text(spread.rawValue), "samples": samples, "seed": seed,
      ])
    case .file(let path): .fields(["noise_file": .text(path.written), "samples": samples])
    }
  }
}
