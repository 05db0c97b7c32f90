internal import Inputs
internal import Interventions
internal import JobFiles
internal import Randomness
internal import Tensors

/// `[corrupt]` of `patch`: noise on token embeddings of the clean prompt, in place of a second prompt.
///
/// Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, section 2.1.
struct PatchNoise: Sendable {
  let deviation: Double
  let positions: Places
  private let seed: Int

  init(_ f: inout Fields) throws(Refusal) {
    deviation = try f.required(
      "noise", .number(above: 0, to: 1e30), unit: "units of the embedding",
      "The noise's standard deviation.")
    positions = try f.required(
      "positions", .namedPlaces, "The tokens whose embeddings it is added to.")
    seed = try f.field("seed", .seed, or: 0, "Of the noise, which each pair has its own of.")
  }

  /// The corrupted run of a prompt, the same on any rank.
  func run(_ prompt: SweepPrompt, width: Int) -> BaseRun? {
    guard let first = prompt.noised.min(), let last = prompt.noised.max() else { return nil }
    let random = Philox(seed: UInt64(seed), name: prompt.id)
    let rows = (first...last).flatMap { position -> [Float] in
      guard prompt.noised.contains(position) else { return Array(repeating: 0, count: width) }
      return random.normals(width, UInt32(position), 0, 0).map { $0 * Float(deviation) }
    }
    return BaseRun(
      prompt.otherIDs, shared: prompt.noiseShare,
      corruption: BaseRun.Corruption(
        from: first, Tensor([last - first + 1, width], rows), isAdded: true))
  }
}

extension SweepPrompt {
  /// The positions before the noise, which both runs have in common.
  var noiseShare: RunRows.Shared? {
    noised.min().flatMap { $0 > 0 ? RunRows.Shared(run: 0, count: $0) : nil }
  }
}
