public import Inputs

/// The sum of numbered vectors, with the same bits on any number of ranks.
///
/// The contributions 0, 1, … are added along a binary tree over their numbers, whoever holds them
/// and in whatever order they come: gradients of microbatches, for one. Each rank adds its own
/// contributions, and then all call `total`:
///
///     var sum = FixedOrderSum<Float>(count: microbatches, length: parameters)
///     for number in mine { try sum.add(gradient(number), number: number) }
///     let gradient = try sum.total(on: world, step: step)
///
/// A rank whose contributions are neighbours, added in order, holds log2 of their number vectors
/// at most and sends one or two; scattered ones are held and sent one by one.
public struct FixedOrderSum<Element: SumElement> {
  /// The number of contributions on all ranks together.
  public let count: Int
  /// Elements of each vector.
  public let length: Int
  let tree: SumTree
  var nodes: [SumNode: SumVector<Element>] = [:]

  /// A part without contributions; the same `count` and `length` on all ranks.
  public init(count: Int, length: Int) {
    precondition(length >= 0, "a sum of vectors of \(length) elements")
    self.count = count
    self.length = length
    tree = SumTree(count: count)
  }

  /// Adds a contribution to this rank's part, and joins the subtrees that it completes.
  ///
  /// - Throws: A refusal where the number is past `count` or was added before, or where the length
  ///   is another.
  public mutating func add(_ vector: [Element], number: Int) throws(Refusal) {
    guard (0..<count).contains(number) else {
      throw refusal(number, found: "its number", expected: "0 to \(count - 1)")
    }
    guard vector.count == length else {
      throw refusal(number, found: "\(vector.count) elements", expected: "\(length)")
    }
    guard nodes.keys.allSatisfy({ number < $0.start || number >= tree.end(of: $0) }) else {
      throw refusal(number, found: "the number a second time", expected: "each number once")
    }
    var node = SumNode(level: 0, index: number)
    var value = SumVector(vector)
    while node != tree.root {
      if let other = nodes.removeValue(forKey: node.sibling) {
        let (left, right) = node.isLeft ? (value, other) : (other, value)
        Element.add(right.start, into: left.start, count: length)
        value = left
      } else if tree.contains(node.sibling) {
        break
      }
      node = node.parent
    }
    nodes[node] = value
  }

  private func refusal(_ number: Int, found: String, expected: String) -> Refusal {
    Refusal(.cluster, field: "contribution \(number)", found: found, expected: expected)
  }
}
