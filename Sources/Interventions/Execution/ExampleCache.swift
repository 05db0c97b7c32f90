public import Tensors

/// What of one example's runs stays the same while interventions on a frozen model are trained.
public struct ExampleCache<Scalar: Real>: Sendable {
  /// Nil where the model runs as a whole.
  let state: ConeState<Scalar>?
  /// The units that each entry reads from its source's run, by entry, in the order of its grid.
  let sources: [Int: Tensor<Scalar>]
  /// The last position's logits of the source that the loss compares with, `[1, classes]`.
  public let reference: Tensor<Scalar>?

  /// The bytes of its numbers.
  public var byteCount: Int {
    tensors.reduce(0) { $0 + $1.count } * MemoryLayout<Scalar>.stride
  }

  /// Its tensors in a fixed order; `init(_:like:)` takes them back.
  public var tensors: [Tensor<Scalar>] {
    (state?.tensors ?? []) + sources.sorted { $0.key < $1.key }.map(\.value)
      + (reference.map { [$0] } ?? [])
  }

  init(
    state: ConeState<Scalar>?, sources: [Int: Tensor<Scalar>], reference: Tensor<Scalar>?
  ) {
    (self.state, self.sources, self.reference) = (state, sources, reference)
  }

  /// What remains of a cache whose numbers were put elsewhere.
  public struct Outline: Sendable, Codable {
    /// Of the state's keys and values.
    let layers: Int
    let entries: [Int]
    let hasState: Bool
    let hasMemory: Bool
    let hasReference: Bool
    /// Of the tensors, in their order.
    public let shapes: [[Int]]
  }

  /// The shapes and places of its tensors.
  public var outline: Outline {
    Outline(
      layers: state?.keys.count ?? 0, entries: sources.keys.sorted(), hasState: state != nil,
      hasMemory: state?.memory != nil, hasReference: reference != nil, shapes: tensors.map(\.shape))
  }

  /// The cache again, from its tensors in their order and shapes.
  public init(_ tensors: [Tensor<Scalar>], like outline: Outline) {
    precondition(tensors.map(\.shape) == outline.shapes, "tensors of another cache")
    var rest = tensors[...]
    if outline.hasState {
      let entering = rest.removeFirst()
      let keys = Array(rest.prefix(outline.layers))
      let values = Array(rest.dropFirst(outline.layers).prefix(outline.layers))
      rest = rest.dropFirst(2 * outline.layers)
      state = ConeState(
        entering: entering, keys: keys, values: values,
        memory: outline.hasMemory ? rest.removeFirst() : nil)
    } else {
      state = nil
    }
    var sources: [Int: Tensor<Scalar>] = [:]
    for entry in outline.entries { sources[entry] = rest.removeFirst() }
    self.sources = sources
    reference = outline.hasReference ? rest.first : nil
  }
}
