internal import Autodiff
public import Checkpoints
internal import Inputs
internal import Tensors

/// The weights of a small model in published files, checked: each is there, of the right shape, and nothing else.
public struct PublishedTensors: Sendable {
  /// The files.
  public let checkpoint: Checkpoint
  private let specs: [WeightSpec]
  /// The name in the file of each weight.
  private let stored: [String: String]

  /// - Parameter isBuffer: Whether a tensor may stand in the file without being a weight.
  init(
    _ checkpoint: Checkpoint, _ specs: [WeightSpec], isBuffer: (String) -> Bool = { _ in false }
  ) throws(Refusal) {
    var stored: [String: String] = [:]
    for spec in specs {
      let name = ([spec.name] + spec.aliases).first { checkpoint.tensors[$0] != nil } ?? spec.name
      try checkpoint.check(name, size: spec.size)
      stored[spec.name] = name
    }
    self.checkpoint = checkpoint
    self.specs = specs
    self.stored = stored
    let used = Set(specs.flatMap { [$0.name] + $0.aliases })
    try checkpoint.refuseLeftOver { used.contains($0) || isBuffer($0) }
  }

  /// Reads every weight.
  func read() throws(Refusal) -> NamedWeights<Float> {
    var pairs: [(name: String, variable: Variable<Float>)] = []
    for spec in specs {
      let values = try checkpoint.floats(stored[spec.name] ?? spec.name)
      pairs.append((spec.name, Variable(Tensor(spec.size, values))))
    }
    return NamedWeights(pairs, buffers: specs.buffers)
  }
}

extension JSONField {
  /// The class that the weights were saved from: the only entry of `architectures`.
  func savedClass(among known: [String]) throws(Refusal) -> String {
    let field = try self["architectures"]
    let items = try field.items()
    guard items.count == 1, let name = try items.first?.string(), known.contains(name) else {
      let found = try items.map { item throws(Refusal) in quoted(try item.string()) }
      throw field.refusal(
        found.isEmpty ? "no class" : found.joined(separator: ", "),
        expected: known.joined(separator: " or "))
    }
    return name
  }
}
