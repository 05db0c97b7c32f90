internal import Autodiff
internal import Foundation
internal import Tensors

/// What is added to attention's scores by the distance of key and query.
struct AttentionBias<Scalar: Real>: Sendable {
  private enum Form: Sendable {
    case linear(LinearBias)
    case buckets(count: Int, farthest: Int, isBidirectional: Bool, table: Variable<Scalar>)
  }

  private let form: Form

  /// - Parameter table: `[buckets, heads]`, for buckets.
  init?(_ shape: AttentionShape.Bias?, table: Variable<Scalar>?) {
    switch shape {
    case .linear(let bias): form = .linear(bias)
    case .buckets(let count, let farthest, let isBidirectional, _):
      guard let table else { return nil }
      form = .buckets(
        count: count, farthest: farthest, isBidirectional: isBidirectional, table: table)
    case nil: return nil
    }
  }

  /// What is added to the scores of keys and queries that are so far apart at most.
  func scores(reach: Int, on tape: Tape<Scalar>) -> AttentionScores<Scalar>.Bias {
    // Whole multiples, so that batches of like lengths make the same table.
    let zero = (reach + 64) / 64 * 64
    let distances = -zero...zero
    switch form {
    case .linear(let bias):
      // By position, as the published implementations add it: the bits are theirs.
      let values = bias.slopes.indices.flatMap { head in
        (0...zero).map { Scalar(bias.value(head: head, position: $0)) }
      }
      return .init(
        table: Variable(Tensor([bias.slopes.count, zero + 1], values)), zero: 0, isByKey: true)
    case .buckets(let count, let farthest, let isBidirectional, let table):
      let rows = distances.map {
        Self.bucket(
          of: $0, count: count, farthest: farthest, isBidirectional: isBidirectional)
      }
      return .init(table: tape.transpose(tape.rows(table, rows)), zero: zero)
    }
  }

  /// The bucket of a key's distance from a query: near ones have one each, farther ones share them by
  /// their logarithm. Raffel et al., 2020, <https://arxiv.org/abs/1910.10683>, section 2.1.
  static func bucket(of distance: Int, count: Int, farthest: Int, isBidirectional: Bool) -> Int {
    var (count, first) = (count, 0)
    var back = -distance
    if isBidirectional {
      count /= 2
      if distance > 0 { first = count }
      back = abs(back)
    } else {
      back = max(back, 0)
    }
    let exact = count / 2
    if back < exact { return first + back }
    let steps =
      log(Float(back) / Float(exact)) / log(Float(farthest) / Float(exact)) * Float(count - exact)
    return first + min(exact + Int(steps), count - 1)
  }
}
