public import Tensors

/// One unchanged run: its tokens, what it shares with an earlier run, and noise on its embeddings.
public struct BaseRun: Sendable {
  /// What is added to the embeddings of neighbouring positions.
  public struct Noise: Sendable {
    public let firstPosition: Int
    /// `[positions, width]`
    public let rows: Tensor<Float>

    public init(from firstPosition: Int, _ rows: Tensor<Float>) {
      (self.firstPosition, self.rows) = (firstPosition, rows)
    }
  }

  public let tokens: [Int]
  public let shared: RunRows.Shared?
  public let noise: Noise?

  /// - Parameter shared: First positions that are the same in an earlier run, noise included.
  public init(_ tokens: [Int], shared: RunRows.Shared? = nil, noise: Noise? = nil) {
    precondition(!tokens.isEmpty, "a run of no tokens")
    if let noise {
      precondition(
        noise.firstPosition >= shared?.count ?? 0
          && noise.firstPosition + noise.rows.rows <= tokens.count,
        "noise \(noise.rows.shape) from \(noise.firstPosition) on in \(tokens.count) tokens")
    }
    (self.tokens, self.shared, self.noise) = (tokens, shared, noise)
  }

  /// A clean run, and its continuations from the first corrupted position on, one for each sample.
  ///
  /// - Parameter noise: Added to the embeddings at `positions`, `[samples, positions, width]`.
  public static func corrupted(
    _ tokens: [Int], _ positions: Range<Int>, noise: Tensor<Float>
  ) -> [BaseRun] {
    let width = noise.width / positions.count
    return [BaseRun(tokens)]
      + (0..<noise.rows).map { sample in
        let own = noise.rows(sample..<sample + 1).reshaped([positions.count, width])
        return BaseRun(
          tokens, shared: RunRows.Shared(run: 0, count: positions.lowerBound),
          noise: Noise(from: positions.lowerBound, own))
      }
  }

  /// Runs of token sequences, each sharing the most that it can with one before it.
  public static func sharingPrefixes(_ sequences: [[Int]]) -> [BaseRun] {
    sequences.enumerated().map { index, tokens in
      var best: RunRows.Shared?
      for (run, earlier) in sequences[..<index].enumerated() {
        let count = zip(tokens, earlier).prefix { $0 == $1 }.count
        if count > best?.count ?? 0 { best = RunRows.Shared(run: run, count: count) }
      }
      return BaseRun(tokens, shared: best)
    }
  }
}

extension RunRows {
  public init(_ runs: [BaseRun]) { self.init(runs.map { ($0.tokens.count, $0.shared) }) }
}
