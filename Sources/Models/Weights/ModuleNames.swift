internal import Checkpoints

/// What a family calls the modules of a transformer, and how its weights are stored.
public struct ModuleNames: Sendable {
  /// The name of a module, with how its weights are stored.
  public struct Name: Sendable, ExpressibleByStringLiteral {
    /// How several modules' outputs stand in one tensor.
    public enum Fusion: Sendable, Equatable {
      /// One module's after the other's.
      case sideBySide
      /// A key head's share of one after its share of the other.
      case byHead
      /// By turns.
      case alternating
    }

    public var path: String
    /// What follows the path in the names of weight and bias.
    public var weight = ".weight", bias = ".bias"
    /// The same of a bias whose module has a weight of its own, where that of others is the embedding.
    public var untiedBias: String?
    public var order = PublishedWeight.Order.outputsByInputs
    /// The modules whose outputs are stored together, in their order.
    public var fused: [BlockModule] = []
    public var fusion = Fusion.sideBySide
    /// Whether all experts' matrices are one tensor.
    public var isStacked = false
    /// Whether the path has no prefix before it.
    public var isOutside = false

    public init(stringLiteral path: String) { self.path = path }

    public init(
      _ path: String, weight: String = ".weight", bias: String = ".bias",
      untiedBias: String? = nil,
      order: PublishedWeight.Order = .outputsByInputs, fused: [BlockModule] = [],
      fusion: Fusion = .sideBySide, isStacked: Bool = false
    ) {
      (self.path, self.weight, self.bias, self.order) = (path, weight, bias, order)
      self.untiedBias = untiedBias
      (self.fused, self.fusion, self.isStacked) = (fused, fusion, isStacked)
    }
  }

  /// What the names of all tensors but the head's begin with in files saved with a head.
  public var prefix: String
  /// The list of blocks, after the prefix.
  public var blocks: String
  public var stack: [StackModule: Name]
  /// After `blocks.N.`; `{expert}` stands for an expert's number.
  public var block: [BlockModule: Name]
  /// Those of layers without experts, where other layers have some.
  public var dense: [BlockModule: Name]?
  /// Those of blocks with a norm for each of two parallel parts, where other blocks have other norms.
  public var parallel: [BlockModule: Name]?
  /// Parts of names that older files have otherwise: what stands there for what.
  public var renamed: [(old: String, new: String)] = []
  /// What names end with that the model does not read: buffers, copies of tied weights, modules beside
  /// it such as poolers.
  public var buffers: [String] = []
  /// Published module paths, for interventions.
  public var modules: ModuleTree

  public init(
    prefix: String, blocks: String, stack: [StackModule: Name], block: [BlockModule: Name],
    renamed: [(old: String, new: String)] = [], buffers: [String] = [], modules: ModuleTree
  ) {
    (self.prefix, self.blocks, self.stack, self.block) = (prefix, blocks, stack, block)
    (self.renamed, self.buffers, self.modules) = (renamed, buffers, modules)
  }

  /// The same with other names for some modules of a block.
  public func with(_ changed: [BlockModule: Name]) -> ModuleNames {
    var names = self
    names.block.merge(changed) { $1 }
    return names
  }

  /// What the modules of a block are called.
  func names(of shape: BlockShape) -> [BlockModule: Name] {
    var names = block
    if shape.mlp.experts == nil, let dense { names.merge(dense) { $1 } }
    if shape.order == .parallel(sharesNorm: false), let parallel { names.merge(parallel) { $1 } }
    return names
  }

  /// One matrix that makes queries, keys and values.
  static func projections(_ name: Name) -> [BlockModule: Name] {
    [.query: name, .key: name, .value: name]
  }

  /// Where a weight stands in a file whose names begin with `prefix`.
  ///
  /// - Precondition: The family names the module.
  func place(
    of weight: DecoderWeight, prefix: String, _ shape: DecoderShape
  ) -> PublishedWeight {
    switch weight.module {
    case .stack(let module):
      let name = named(stack[module], "\(module)")
      let isOutside = [.head, .headTransform, .headNorm].contains(module)
      let bias = shape.head.isTied ? name.bias : name.untiedBias ?? name.bias
      var place = PublishedWeight(
        (isOutside || name.isOutside ? "" : prefix) + name.path
          + (weight.isBias ? bias : name.weight),
        order: name.order)
      place.shape = shape.storedShape(of: weight)
      return place
    case .block(let module, let layer, let expert):
      let name = named(names(of: shape.blocks[layer])[module], "\(module)")
      let path = name.path.replacing("{expert}", with: "\(expert ?? 0)")
      var place = PublishedWeight(
        "\(prefix)\(blocks).\(layer).\(path)" + (weight.isBias ? name.bias : name.weight),
        order: name.order)
      place.rows = rows(of: module, name, shape, layer)
      if name.isStacked, let expert, let count = shape.blocks[layer].copies(of: module) {
        place.slice = (expert, count)
      }
      return place
    }
  }

  /// The name that a file has for a tensor, by the names of older files if it lacks the usual one.
  func stored(_ name: String, in checkpoint: Checkpoint) -> String {
    if checkpoint.tensors[name] != nil { return name }
    for (old, new) in renamed where name.contains(new) {
      let other = name.replacing(new, with: old)
      if checkpoint.tensors[other] != nil { return other }
    }
    return name
  }

  private func named(_ name: Name?, _ module: String) -> Name {
    guard let name else { preconditionFailure("the family has no name for \(module)") }
    return name
  }

  private func rows(
    of module: BlockModule, _ name: Name, _ shape: DecoderShape, _ layer: Int
  ) -> PublishedWeight.Rows? {
    guard !name.fused.isEmpty else { return nil }
    let sizes = name.fused.map { shape.outputs(of: $0, layer: layer) }
    guard let number = name.fused.firstIndex(of: module) else { return nil }
    let all = sizes.reduce(0, +)
    let groups =
      switch name.fusion {
      case .sideBySide: 1
      case .byHead: shape.blocks[layer].attention.keyHeads
      case .alternating: sizes[0]
      }
    return PublishedWeight.Rows(
      groups: groups, groupSize: all / groups,
      first: sizes[..<number].reduce(0, +) / groups, count: sizes[number] / groups)
  }
}

extension DecoderShape {
  /// The outputs of a block's matrix.
  fileprivate func outputs(of module: BlockModule, layer: Int) -> Int {
    let expert = blocks[layer].mlp.experts == nil ? nil : 0
    let isOfExperts = [.gate, .up, .down].contains(module)
    return size(of: .block(module, layer, expert: isOfExperts ? expert : nil))?.first ?? 0
  }
}
