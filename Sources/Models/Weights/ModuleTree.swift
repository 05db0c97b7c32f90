/// The modules of a published implementation beyond those that have weights, by which its paths lead
/// to sites.
public struct ModuleTree: Sendable {
  /// The modules that hold a block's attention, the outer one first.
  public var attention: [String]
  public var mlp: [String]
  /// The modules that hold a block's attention to an encoder, the outer one first.
  public var cross: [String] = []
  /// The nonlinearity.
  public var activation: String?
  /// Modules that give what they get, such as dropout, and where they stand.
  public var passing: [(path: String, site: Site)]
  /// The same before the first block.
  public var passingBefore: [String]
  /// Paths that lead to sites beside the usual ones.
  public var further: [(path: String, site: Site)]
  /// The modules of a block, each with its side, where they are not as in most families.
  public var listed: KeyValuePairs<String, Site>?
  /// The list of blocks, where modules have another name for it than files.
  public var blocks: String?
  /// Other names of the output head's module.
  public var heads: [String] = []
  /// The modules of a block of older implementations, whose blocks stand where files have them.
  public var older: KeyValuePairs<String, Site> = [:]

  public init(
    attention: [String], mlp: [String] = ["mlp"], activation: String? = nil,
    passing: [(path: String, site: Site)] = [], passingBefore: [String] = [],
    further: [(path: String, site: Site)] = [], listed: KeyValuePairs<String, Site>? = nil
  ) {
    (self.attention, self.mlp, self.activation) = (attention, mlp, activation)
    (self.passing, self.passingBefore) = (passing, passingBefore)
    (self.further, self.listed) = (further, listed)
  }
}

extension ModuleNames {
  /// The published paths of a model's sites, in the order in which a run comes by them.
  func paths(_ shape: DecoderShape) -> ModulePaths.Names {
    let parts = prefix.split(separator: ".").map(String.init)
    return ModulePaths.Names(
      prefixes: (parts.indices.map { Array(parts[$0...]) } + [[]]),
      list: (modules.blocks ?? blocks).split(separator: ".").map(String.init),
      inBlock: modules.listed.map { Array($0) }
        ?? ([("input", .blockInput)] + attentionPaths(shape.blocks[0])
          + crossPaths(shape.blocks[0]) + networkPaths(shape.blocks[0])
          + modules.further.map { ($0.path, $0.site) }
          + [("output", .blockOutput)]),
      outside: outsidePaths(shape),
      older: (blocks.split(separator: ".").map(String.init), Array(modules.older)))
  }

  private func both(_ path: String, _ input: Site, _ output: Site) -> ModulePaths.Modules {
    [("\(path).input", input), ("\(path).output", output)]
  }

  private func passing(_ site: Site) -> ModulePaths.Modules {
    modules.passing.filter { $0.site == site }.flatMap { both($0.path, site, site) }
  }

  private func attentionPaths(_ block: BlockShape) -> ModulePaths.Modules {
    var paths: ModulePaths.Modules = []
    if block.has(.attentionNorm), block.order != .postNorm,
      let norm = names(of: block)[.attentionNorm]
    {
      paths += both(norm.path, .blockInput, .attentionInput)
    }
    paths += modules.attention.map { ("\($0).input", .attentionInput) }
    if let name = names(of: block)[.query], name.fused.count > 1 {
      paths += both(name.path, .attentionInput, .qkvOutput)
    }
    let projections: [(BlockModule, BlockModule, Site, Site, Site)] = [
      (.query, .queryNorm, .attentionInput, .queryOutput, .queryNormOutput),
      (.key, .keyNorm, .keyInput, .keyOutput, .keyNormOutput),
      (.value, .sinks, .valueInput, .valueOutput, .valueOutput),
    ]
    for (module, norm, input, output, normed) in projections {
      if let name = names(of: block)[module], name.fused.isEmpty {
        paths += both(name.path, input, output)
      }
      if block.attention.norms != nil, normed != output, let name = names(of: block)[norm] {
        paths += both(name.path, output, normed)
      }
    }
    paths += passing(.attentionWeight)
    if let name = names(of: block)[.attentionOutput] {
      paths += both(name.path, .attentionValueOutput, .attentionOutput)
    }
    paths += passing(.attentionOutput)
    paths += modules.attention.reversed().map { ("\($0).output", .attentionOutput) }
    if block.has(.attentionOutputNorm), let name = names(of: block)[.attentionOutputNorm] {
      paths.append(("\(name.path).input", .attentionOutput))
    }
    if block.order == .postNorm, block.attentionSpan == .branch,
      let name = names(of: block)[.attentionNorm]
    {
      paths.append(("\(name.path).output", .residualMiddle))
    }
    return paths
  }

  private func crossPaths(_ block: BlockShape) -> ModulePaths.Modules {
    guard block.cross != nil else { return [] }
    var paths: ModulePaths.Modules = []
    if let norm = self.block[.crossNorm] {
      paths += both(norm.path, .residualMiddle, .decoderCrossAttentionInput)
    }
    paths += modules.cross.map { ("\($0).input", .decoderCrossAttentionInput) }
    let maps: [(BlockModule, Site, Site)] = [
      (.crossQuery, .decoderCrossAttentionInput, .decoderCrossQueryOutput),
      (.crossKey, .decoderCrossKeyInput, .decoderCrossKeyOutput),
      (.crossValue, .decoderCrossValueInput, .decoderCrossValueOutput),
      (.crossOutput, .decoderCrossAttentionValueOutput, .decoderCrossAttentionOutput),
    ]
    for (module, input, output) in maps {
      if let name = self.block[module] { paths += both(name.path, input, output) }
    }
    return paths + modules.cross.reversed().map { ("\($0).output", .decoderCrossAttentionOutput) }
  }

  private func networkPaths(_ block: BlockShape) -> ModulePaths.Modules {
    var paths: ModulePaths.Modules = []
    if block.has(.mlpNorm), block.order != .postNorm, let norm = names(of: block)[.mlpNorm] {
      let middle =
        block.cross == nil ? Site.residualMiddle : .decoderCrossResidualMiddle
      paths += both(norm.path, block.order.isParallel ? .blockInput : middle, .mlpInput)
    }
    paths += modules.mlp.map { ("\($0).input", .mlpInput) }
    if block.mlp.experts != nil {
      if let router = names(of: block)[.router] {
        paths += both(router.path, .mlpInput, .routerOutput)
      }
    } else {
      paths += hiddenPaths(block)
    }
    paths += passing(.mlpOutput)
    paths += modules.mlp.reversed().map { ("\($0).output", .mlpOutput) }
    if block.has(.mlpOutputNorm), let name = names(of: block)[.mlpOutputNorm] {
      paths.append(("\(name.path).input", .mlpOutput))
    }
    if block.order == .postNorm, let name = names(of: block)[.mlpNorm] {
      paths.append(("\(name.path).output", .blockOutput))
    }
    return paths
  }

  private func hiddenPaths(_ block: BlockShape) -> ModulePaths.Modules {
    let isGated = block.mlp.form.isGated
    var paths: ModulePaths.Modules = []
    if let name = names(of: block)[isGated ? .gate : .up] {
      paths +=
        name.fused.isEmpty
        ? both(name.path, .mlpInput, .mlpPreactivation) : [("\(name.path).input", .mlpInput)]
    }
    if let activation = modules.activation {
      paths += both(activation, .mlpPreactivation, .mlpActivation)
    }
    if isGated, let name = names(of: block)[.up], name.fused.isEmpty {
      // Without a norm before it the branch reads the stream itself, and a change of what that module
      // reads would reach the sum, as one of the site does not.
      let hasNorm = block.order != .postNorm && block.order != .outputNorm
      paths +=
        (hasNorm ? [("\(name.path).input", .mlpUpInput)] : [])
        + [("\(name.path).output", .mlpUpOutput)]
    }
    if let name = names(of: block)[.down] {
      paths += both(name.path, isGated ? .mlpProduct : .mlpActivation, .mlpOutput)
    }
    return paths
  }

  private func outsidePaths(_ shape: DecoderShape) -> [ModulePaths.Names.Outside] {
    var paths: [ModulePaths.Names.Outside] = []
    func add(_ module: StackModule, _ side: String, _ site: Site, isLast: Bool = false) {
      guard let name = stack[module] else { return }
      if module != .head {
        // A module that both stacks of a model have stands for no one site, and a parameter that
        // belongs to a larger module for none.
        let hasModule =
          !name.isOutside && (name.weight == ".weight" || module != .positionEmbedding)
        let hasWeight = [false, true].contains {
          shape.size(of: .stack(module, isBias: $0)) != nil
        }
        guard hasModule, hasWeight || module == .finalNorm else { return }
      }
      paths.append(
        .init(key: "\(name.path).\(side)", site: site, isLast: isLast, isBare: module == .head))
    }
    // Where embeddings are scaled by masked tokens, that comes behind their module (ESM).
    if shape.front.masking == nil {
      // Rows of another width than the stream's become embeddings by the map behind them.
      let module = shape.front.width == nil ? StackModule.tokenEmbedding : .embeddingProjection
      add(module, "output", .tokenEmbeddingOutput)
    }
    add(.positionEmbedding, "output", .positionEmbeddingOutput)
    add(.embeddingNorm, "output", .blockInput)
    for path in modules.passingBefore {
      paths += ["input", "output"].map {
        .init(key: "\(path).\($0)", site: .blockInput, isLast: false, isBare: false)
      }
    }
    add(.finalNorm, "input", .blockOutput, isLast: true)
    add(.finalNorm, "output", .finalNormOutput)
    let (last, isBlock) =
      shape.finalNorm == nil ? (Site.blockOutput, true) : (.finalNormOutput, false)
    if shape.front.width != nil {
      add(.headProjection, "input", last, isLast: isBlock)
    } else if stack[.headTransform] == nil, shape.head.scale == nil, !shape.head.isOfFirstRow {
      add(.head, "input", last, isLast: isBlock)
    }
    // What bends logits comes behind the module (Gemma 2).
    if shape.head.softCap == nil { add(.head, "output", .logits) }
    if let head = stack[.head] {
      let own = paths.filter { $0.key.hasPrefix("\(head.path).") }
      for other in modules.heads {
        paths += own.map {
          .init(
            key: other + $0.key.dropFirst(head.path.count), site: $0.site, isLast: $0.isLast,
            isBare: $0.isBare)
        }
      }
    }
    return paths
  }
}
