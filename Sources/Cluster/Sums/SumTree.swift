/// A node of the summation tree: the contributions from `index · 2^level` on, `2^level` of them.
struct SumNode: Hashable, Comparable {
  let level: Int
  let index: Int

  var parent: SumNode { SumNode(level: level + 1, index: index >> 1) }
  var sibling: SumNode { SumNode(level: level, index: index ^ 1) }
  var isLeft: Bool { index & 1 == 0 }
  /// The number of the first contribution below it.
  var start: Int { index << level }

  static func < (a: SumNode, b: SumNode) -> Bool {
    (a.level, a.index) < (b.level, b.index)
  }
}

/// The fixed binary tree over `count` contributions. It depends on nothing but their number.
///
/// A node is the sum of its two halves, the left one first; a node whose right half lies past the
/// last contribution is its left half.
struct SumTree {
  let count: Int
  /// The level of the root.
  let height: Int

  init(count: Int) {
    precondition((0...1 << 40).contains(count), "a sum of \(count) contributions")
    self.count = count
    height = count < 2 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
  }

  var root: SumNode { SumNode(level: height, index: 0) }

  /// The highest node with the same value: one without a right half goes by its parent's name.
  func key(of node: SumNode) -> SumNode {
    var node = node
    while node != root, node.isLeft, !contains(node.sibling) { node = node.parent }
    return node
  }

  /// Whether the node has anything below it.
  func contains(_ node: SumNode) -> Bool { node.start < count }

  /// The number after its last contribution.
  func end(of node: SumNode) -> Int { min(count, (node.index + 1) << node.level) }

  /// One addition: the values of two siblings, and the rank at which they meet.
  struct Merge: Equatable {
    let left: SumNode
    let leftRank: Int
    let rightRank: Int
    /// One of the two.
    let rank: Int
  }

  /// All additions left to do between nodes of which each lies on a rank, lower levels first.
  ///
  /// Where two ranks hold the halves, the rank with fewer additions so far does it, so that no
  /// rank receives all vectors. That choice moves work, never an order of addition.
  ///
  /// - Parameter owners: The rank of each node; together they cover every contribution once.
  /// - Returns: The additions in an order that all ranks keep, and the rank that has the root.
  func merges(of owners: [SumNode: Int]) -> (merges: [Merge], rootRank: Int) {
    var levels: [[SumNode: Int]] = Array(repeating: [:], count: height + 1)
    for (node, rank) in owners { levels[node.level][node] = rank }
    var merges: [Merge] = []
    var load: [Int: Int] = [:]
    for level in 0..<height {
      for (node, leftRank) in levels[level].sorted(by: { $0.key < $1.key }) where node.isLeft {
        guard let rightRank = levels[level][node.sibling] else {
          levels[level + 1][node.parent] = leftRank
          continue
        }
        let moves =
          leftRank != rightRank && load[rightRank, default: 0] < load[leftRank, default: 0]
        let rank = moves ? rightRank : leftRank
        if leftRank != rightRank { load[rank, default: 0] += 1 }
        merges.append(
          Merge(left: node, leftRank: leftRank, rightRank: rightRank, rank: rank))
        levels[level + 1][node.parent] = rank
      }
    }
    return (merges, levels[height][root] ?? 0)
  }
}
