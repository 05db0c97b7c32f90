internal import Randomness

/// What stands in for an activation's part along a direction that is ablated.
public enum AblationMode: String, CaseIterable, Sendable {
  /// Its mean over all activations.
  case mean
  /// That of another activation: each is given another's, by a random derangement.
  case resample
  /// Nothing.
  case zero
}

/// For each of `count` places another one, each once, none its own: all such orders are as likely.
///
/// By drawing permutations until one fits, e draws on average.
func derangement(of count: Int, seed: UInt64, layer: Int) -> [Int] {
  precondition(count > 1, "a derangement of \(count)")
  var random = Philox(seed: seed, name: "derangement").stream(UInt64(layer))
  while true {
    let order = Array(0..<count).shuffled(using: &random)
    if order.indices.allSatisfy({ order[$0] != $0 }) { return order }
  }
}
