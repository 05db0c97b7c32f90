internal import Inputs

/// What one rank says of its part of a sum before the vectors move.
struct SumCard {
  let step: Int
  let count: Int
  let length: Int
  let stride: Int
  let nodes: [SumNode]

  var encoded: [UInt8] {
    var writer = WireWriter()
    for value in [step, count, length, stride, nodes.count] { writer.integer(value) }
    for node in nodes.sorted() {
      writer.integer(node.level)
      writer.integer(node.index)
    }
    return writer.bytes
  }

  init(step: Int, count: Int, length: Int, stride: Int, nodes: [SumNode]) {
    (self.step, self.count, self.length, self.stride) = (step, count, length, stride)
    self.nodes = nodes
  }

  init(_ bytes: [UInt8]) throws(MPIError) {
    var reader = WireReader(bytes)
    step = try reader.integer()
    count = try reader.integer()
    length = try reader.integer()
    stride = try reader.integer()
    let nodeCount = try reader.integer()
    var nodes: [SumNode] = []
    while nodes.count < nodeCount {
      nodes.append(SumNode(level: try reader.integer(), index: try reader.integer()))
    }
    try reader.end()
    self.nodes = nodes
  }

  /// The rank of each node, after a check that all ranks mean the same sum and that every
  /// contribution is there once.
  static func owners(
    of cards: [SumCard], tree: SumTree, name: (Int) -> String
  ) throws(Refusal) -> [SumNode: Int] {
    var owners: [SumNode: Int] = [:]
    for (rank, card) in cards.enumerated() {
      let pairs = [
        ("step", card.step, cards[0].step), ("contributions", card.count, cards[0].count),
        ("elements", card.length, cards[0].length),
        ("bytes an element", card.stride, cards[0].stride),
      ]
      for (what, found, expected) in pairs where found != expected {
        throw Refusal(
          .cluster, field: "sum on \(name(rank))", found: "\(found) as \(what)",
          expected: "\(expected), as on \(name(0))")
      }
      for node in card.nodes {
        guard (0...tree.height).contains(node.level), node.index >= 0,
          node.index <= tree.count >> node.level, tree.contains(node)
        else {
          throw Refusal(
            .cluster, field: "sum on \(name(rank))",
            found: "a part at level \(node.level), place \(node.index)",
            expected: "parts of \(tree.count) contributions")
        }
        guard owners.updateValue(rank, forKey: node) == nil else {
          throw overlap(node.start, on: name(rank))
        }
      }
    }
    var next = 0
    for node in owners.keys.sorted(by: { ($0.start, $0.level) < ($1.start, $1.level) }) {
      guard node.start >= next else { throw overlap(node.start, on: name(owners[node] ?? 0)) }
      guard node.start == next else { break }
      next = tree.end(of: node)
    }
    guard next == tree.count else {
      throw Refusal(
        .cluster, field: "contribution \(next)", found: "no rank that has it",
        expected: "each number from 0 to \(tree.count - 1) on one rank")
    }
    return owners
  }

  private static func overlap(_ number: Int, on name: String) -> Refusal {
    Refusal(
      .cluster, field: "contribution \(number)", found: "\(name) as a second rank that has it",
      expected: "each number on one rank")
  }
}
