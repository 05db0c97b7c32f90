internal import Tensors

/// The most probable continuations of each prompt, some at a time: after each pass the best ones
/// among all tokens after all continuations go on.
///
/// Nothing stops a continuation early, so all are as long and their log probabilities compare as
/// they are. Of equal ones the earlier beam and the smaller token go first.
struct BeamSearch<Scalar: Real> {
  /// Continuations of each prompt.
  let count: Int
  /// The log probability of each continuation, prompt by prompt; only the first of each prompt's
  /// counts before the first choice, since all are equal.
  private var scores: [Double]

  init(count: Int, prompts: Int) {
    self.count = count
    scores = (0..<prompts * count).map { $0 % count == 0 ? 0 : -.infinity }
  }

  /// The next continuations: which one each goes on from, and its next token.
  mutating func choose(_ logits: Tensor<Scalar>) -> [(from: Int, token: Int)] {
    let logProbabilities = (0..<logits.rows).map { Self.logSoftmax(logits.rows($0..<$0 + 1)) }
    var chosen: [(from: Int, token: Int)] = []
    var next: [Double] = []
    for prompt in 0..<scores.count / count {
      var candidates: [(score: Double, from: Int, token: Int)] = []
      for beam in prompt * count..<(prompt + 1) * count where scores[beam] > -.infinity {
        let own = logProbabilities[beam].enumerated().sorted {
          ($1.element, $0.offset) < ($0.element, $1.offset)
        }
        candidates += own.prefix(count).map { (scores[beam] + $0.element, beam, $0.offset) }
      }
      let best = candidates.sorted { ($1.score, $0.from, $0.token) < ($0.score, $1.from, $1.token) }
      for place in 0..<count {
        // A vocabulary smaller than the beams: the last one stands in, and never wins.
        let one = best[min(place, best.count - 1)]
        chosen.append((one.from, one.token))
        next.append(place < best.count ? one.score : -.infinity)
      }
    }
    scores = next
    return chosen
  }

  /// The best continuation of each prompt, by its number among all.
  var best: [Int] {
    (0..<scores.count / count).map { prompt in
      let own = prompt * count..<(prompt + 1) * count
      return own.max { (scores[$0], $1) < (scores[$1], $0) } ?? own.lowerBound
    }
  }

  private static func logSoftmax(_ row: Tensor<Scalar>) -> [Double] {
    let values = row.elements.map { Double($0) }
    let largest = values.max() ?? 0
    let shifted = Tensor<Double>([values.count], values.map { $0 - largest })
    let total = shifted.map(.exp).elements.reduce(0, +)
    let log = Tensor<Double>(scalar: total).map(.log).scalar
    return shifted.elements.map { $0 - log }
  }
}
