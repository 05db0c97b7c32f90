internal import Randomness
public import Tensors

/// How the next token is chosen from logits.
public struct TokenChoice: Sendable {
  /// A random draw; nil: the most likely token.
  public struct Sampling: Sendable, Equatable {
    /// Divides the logits.
    public var temperature: Double
    /// How many of the most likely tokens are drawn from; nil: all.
    public var top: Int?

    /// A draw; all tokens unless `top` says how many.
    public init(temperature: Double = 1, top: Int? = nil) {
      self.temperature = temperature
      self.top = top
    }
  }

  private let sampling: Sampling?
  private var random: SplitMix64

  /// The most likely token unless draws are asked for.
  public init(_ sampling: Sampling? = nil, seed: UInt64 = 0) {
    self.sampling = sampling
    random = SplitMix64(seed: seed)
  }

  /// A token for each row; of equally likely ones the first.
  public mutating func callAsFunction<Scalar: Real>(_ logits: Tensor<Scalar>) -> [Int] {
    (0..<logits.rows).map { row in
      let values = logits.rows(row..<row + 1).elements
      guard let sampling else { return Self.largest(values) }
      return draw(values, sampling)
    }
  }

  private static func largest<Scalar: Real>(_ values: [Scalar]) -> Int {
    var best = 0
    for (index, value) in values.enumerated() where value > values[best] { best = index }
    return best
  }

  private mutating func draw<Scalar: Real>(_ values: [Scalar], _ sampling: Sampling) -> Int {
    let order = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
    let kept = order.prefix(sampling.top ?? order.count)
    guard let first = kept.first else { return 0 }
    let weights = kept.map {
      Self.exponential((Double(values[$0]) - Double(values[first])) / sampling.temperature)
    }
    var left = random.unit() * weights.reduce(0, +)
    for (token, weight) in zip(kept, weights) {
      left -= weight
      if left < 0 { return token }
    }
    return first
  }

  private static func exponential(_ x: Double) -> Double {
    Tensor<Double>(scalar: x).map(.exp).scalar
  }
}
