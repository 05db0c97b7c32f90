public import Tensors

/// One unchanged run: its tokens, what it shares with an earlier run, and a change of its embeddings.
public struct BaseRun: Sendable {
  /// What is added to the token embeddings of neighbouring positions, or stands in their place.
  public struct Corruption: Sendable {
    public let firstPosition: Int
    /// `[positions, width]`
    public let rows: Tensor<Float>
    public let isAdded: Bool

    public init(from firstPosition: Int, _ rows: Tensor<Float>, isAdded: Bool) {
      (self.firstPosition, self.rows, self.isAdded) = (firstPosition, rows, isAdded)
    }
  }

  public let tokens: [Int]
  public let shared: RunRows.Shared?
  public let corruption: Corruption?

  /// - Parameter shared: First positions that are the same in an earlier run, corruption included.
  public init(_ tokens: [Int], shared: RunRows.Shared? = nil, corruption: Corruption? = nil) {
    precondition(!tokens.isEmpty, "a run of no tokens")
    if let corruption {
      let (first, rows) = (corruption.firstPosition, corruption.rows)
      precondition(
        first >= shared?.count ?? 0 && first + rows.rows <= tokens.count,
        "a corruption \(rows.shape) from \(first) on in \(tokens.count) tokens")
    }
    (self.tokens, self.shared, self.corruption) = (tokens, shared, corruption)
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
        corrupted(
          tokens, from: positions.lowerBound,
          noise.rows(sample..<sample + 1).reshaped([positions.count, width]), isAdded: true)
      }
  }

  /// A clean run, and its continuation with other token embeddings at `positions`.
  ///
  /// - Parameter row: What stands in the place of each, `[1, width]`.
  public static func corrupted(
    _ tokens: [Int], _ positions: Range<Int>, by row: Tensor<Float>
  ) -> [BaseRun] {
    let rows = row.gathered(positions.map { _ in 0 })
    return [
      BaseRun(tokens), corrupted(tokens, from: positions.lowerBound, rows, isAdded: false),
    ]
  }

  private static func corrupted(
    _ tokens: [Int], from first: Int, _ rows: Tensor<Float>, isAdded: Bool
  ) -> BaseRun {
    BaseRun(
      tokens, shared: RunRows.Shared(run: 0, count: first),
      corruption: Corruption(from: first, rows, isAdded: isAdded))
  }

  /// Runs of token sequences, each sharing the most that it can with one before it.
  ///
  /// - Parameter short: The longest sequence whose keys do not turn as a long one's; those of the two
  ///   kinds share nothing. Nil where length makes no difference.
  public static func sharingPrefixes(_ sequences: [[Int]], short: Int?) -> [BaseRun] {
    func isLong(_ tokens: [Int]) -> Bool { short.map { tokens.count > $0 } ?? false }
    return sequences.enumerated().map { index, tokens in
      var best: RunRows.Shared?
      for (run, earlier) in sequences[..<index].enumerated() where isLong(earlier) == isLong(tokens)
      {
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
