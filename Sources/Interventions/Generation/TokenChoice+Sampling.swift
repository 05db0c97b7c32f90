internal import Tensors

extension TokenChoice {
  /// A random draw, from what the filters of transformers leave, in its order: temperature, the most
  /// probable ones, the least mass, the least part of the most probable one.
  public struct Sampling: Sendable, Equatable {
    /// Divides the logits.
    public var temperature: Double
    /// How many of the most likely tokens are drawn from, with those as likely as the last of them; nil:
    /// all.
    public var top: Int?
    /// The probability that the fewest most likely tokens must have together; nil: 1. Holtzman et al.,
    /// 2019, <https://arxiv.org/abs/1904.09751>.
    public var mass: Double?
    /// The part of the most likely token's probability that a token must have; nil: 0. Nguyen et al.,
    /// 2024, <https://arxiv.org/abs/2407.01082>.
    public var least: Double?

    /// A draw; all tokens unless filters say which.
    public init(
      temperature: Double = 1, top: Int? = nil, mass: Double? = nil, least: Double? = nil
    ) {
      (self.temperature, self.top, self.mass, self.least) = (temperature, top, mass, least)
    }

    /// The tokens that can be drawn, the most likely first, by weights that do not sum to one.
    func candidates(of logits: [Double]) -> [(token: Int, weight: Double)] {
      var order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
      guard let first = order.first else { return [] }
      if let top, top < order.count {
        let last = logits[order[top - 1]]
        order = order.filter { logits[$0] >= last }
      }
      let weights = Tensor<Double>(
        [order.count], order.map { (logits[$0] - logits[first]) / temperature }
      ).map(.exp).elements
      var kept = zip(order, weights).map { (token: $0, weight: $1) }
      if let mass, mass < 1 {
        let total = weights.reduce(0, +)
        var below = 0.0
        while kept.count > 1, let last = kept.last, below + last.weight / total <= 1 - mass {
          below += last.weight / total
          kept.removeLast()
        }
      }
      if let least {
        let limit = least * (kept.first?.weight ?? 0)
        kept = kept.enumerated().filter { $0 == 0 || $1.weight >= limit }.map(\.element)
      }
      return kept
    }
  }
}
