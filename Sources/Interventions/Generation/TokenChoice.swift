internal import Randomness
public import Tensors

/// How the next token is chosen from logits.
///
/// A draw hangs on the seed, the example, the continuation of it and the step alone, so that an example
/// is continued in the same way whatever stands behind it in a batch.
public struct TokenChoice: Sendable {
  private let sampling: Sampling?
  private let penalty: Double
  /// Continuations of each example, which are rows one after another.
  private let sequences: Int
  private let random: Philox
  private var step: UInt32 = 0

  /// The most likely token unless draws are asked for.
  ///
  /// - Parameters:
  ///   - penalty: What logits of tokens that a row has already are divided by where they are positive and
  ///     multiplied by where they are negative. Keskar et al., 2019,
  ///     <https://arxiv.org/abs/1909.05858>, as transformers has it.
  ///   - sequences: Continuations of each example.
  public init(
    _ sampling: Sampling? = nil, seed: UInt64 = 0, penalty: Double = 1, sequences: Int = 1
  ) {
    (self.sampling, self.penalty, self.sequences) = (sampling, penalty, sequences)
    random = Philox(seed: seed, name: "tokens")
  }

  /// A token for each row; of equally likely ones the first. Each call is a step.
  ///
  /// - Parameter tokens: What each row has already; read where there is a penalty.
  public mutating func callAsFunction<Scalar: Real>(
    _ logits: Tensor<Scalar>, after tokens: [[Int]] = []
  ) -> [Int] {
    defer { step += 1 }
    return (0..<logits.rows).map { row in
      var values = logits.rows(row..<row + 1).elements.map { Double($0) }
      if penalty != 1 { values = penalized(values, after: tokens[row]) }
      guard let sampling else { return Self.largest(values) }
      var stream = random.stream(UInt64(row / sequences) << 16 | UInt64(row % sequences), step)
      return Self.draw(sampling.candidates(of: values), stream.unit())
    }
  }

  /// Logits with the penalty on those of tokens that are there already.
  func penalized(_ logits: [Double], after tokens: [Int]) -> [Double] {
    var values = logits
    for token in Set(tokens) where values.indices.contains(token) {
      values[token] = values[token] < 0 ? values[token] * penalty : values[token] / penalty
    }
    return values
  }

  private static func largest(_ values: [Double]) -> Int {
    var best = 0
    for (index, value) in values.enumerated() where value > values[best] { best = index }
    return best
  }

  private static func draw(_ candidates: [(token: Int, weight: Double)], _ uniform: Double) -> Int {
    var left = uniform * candidates.reduce(0) { $0 + $1.weight }
    for (token, weight) in candidates {
      left -= weight
      if left < 0 { return token }
    }
    return candidates.first?.token ?? 0
  }
}
