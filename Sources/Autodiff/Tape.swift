public import Tensors

/// A tensor that a computation uses: a constant, or a value on a tape that a gradient can reach.
public struct Variable<Scalar: Real>: Sendable {
  /// The numbers.
  public let value: Tensor<Scalar>
  let node: Int?

  /// A constant: no gradient flows into it, and nothing is kept for it.
  public init(_ value: Tensor<Scalar>) {
    self.value = value
    node = nil
  }

  init(_ value: Tensor<Scalar>, node: Int) {
    self.value = value
    self.node = node
  }

  /// Whether a gradient can reach what this was computed from.
  public var isTracked: Bool { node != nil }
  /// The shape of the value.
  public var shape: [Int] { value.shape }
}

/// Records operations so that gradients can be taken backwards through them.
///
/// Only operations that depend on a leaf are recorded; with no leaf a tape keeps nothing, and
/// running a model on it costs what running it without one would.
public final class Tape<Scalar: Real> {
  private struct Node {
    let inputs: [Int?]
    /// From the gradient of the output to those of the inputs, nil where an input takes none.
    let backward: (Tensor<Scalar>) -> [Tensor<Scalar>?]
  }

  private var nodes: [Node] = []

  /// A tape on which nothing is recorded yet.
  public init() {}

  /// The number of recorded operations and leaves.
  public var count: Int { nodes.count }

  /// A value whose gradient is wanted.
  public func leaf(_ value: Tensor<Scalar>) -> Variable<Scalar> {
    nodes.append(Node(inputs: [], backward: { _ in [] }))
    return Variable(value, node: nodes.count - 1)
  }

  /// The result of an operation. `backward` is kept, with what it captures, only if a gradient can
  /// reach one of the inputs.
  public func record(
    _ value: Tensor<Scalar>, from inputs: [Variable<Scalar>],
    backward: @escaping (Tensor<Scalar>) -> [Tensor<Scalar>?]
  ) -> Variable<Scalar> {
    guard inputs.contains(where: \.isTracked) else { return Variable(value) }
    nodes.append(Node(inputs: inputs.map(\.node), backward: backward))
    return Variable(value, node: nodes.count - 1)
  }

  /// Which of the leaves `output` was computed from.
  public func influences(on output: Variable<Scalar>, of leaves: [Variable<Scalar>]) -> [Bool] {
    var isReached = [Bool](repeating: false, count: nodes.count)
    if let node = output.node {
      isReached[node] = true
      for at in stride(from: node, through: 0, by: -1) where isReached[at] {
        for case let input? in nodes[at].inputs { isReached[input] = true }
      }
    }
    return leaves.map { leaf in leaf.node.map { isReached[$0] } ?? false }
  }

  /// The gradients of `output`, weighted by `seed`, with respect to the leaves.
  ///
  /// A leaf that does not influence the output has a gradient of zeros.
  public func gradients(
    of output: Variable<Scalar>, seed: Tensor<Scalar>? = nil, at leaves: [Variable<Scalar>]
  ) -> [Tensor<Scalar>] {
    var gradients = [Tensor<Scalar>?](repeating: nil, count: nodes.count)
    let wanted = Set(leaves.compactMap(\.node))
    if let node = output.node {
      gradients[node] = seed ?? Tensor(repeating: 1, output.shape)
      for at in stride(from: node, through: 0, by: -1) {
        guard let gradient = gradients[at], !nodes[at].inputs.isEmpty else { continue }
        let parts = nodes[at].backward(gradient)
        precondition(parts.count == nodes[at].inputs.count, "a gradient for each input")
        for (input, part) in zip(nodes[at].inputs, parts) {
          guard let input, let part else { continue }
          gradients[input] = gradients[input].map { $0 + part } ?? part
        }
        if !wanted.contains(at) { gradients[at] = nil }
      }
    }
    return leaves.map { leaf in
      leaf.node.flatMap { gradients[$0] } ?? Tensor(zeros: leaf.shape)
    }
  }
}
