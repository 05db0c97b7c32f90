extension DecoderShape {
  /// The elements of one row at a site; of attention weights per key.
  public func width(of site: Site) -> Int {
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput, .queryNormOutput: return queryWidth
    case .keyOutput, .valueOutput, .keyNormOutput: return keyWidth
    case .mlpActivation, .mlpPreactivation, .mlpUpOutput, .mlpProduct: return dense?.mlp.width ?? 0
    case .attentionWeight: return heads
    case .qkvOutput: return queryWidth + 2 * keyWidth
    case .routerOutput: return sparse?.mlp.experts?.count ?? 0
    case .logits: return outputWidth
    default: return width
    }
  }

  /// The heads that a site has, or nil where it is not made of heads.
  public func heads(of site: Site) -> Int? {
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput, .attentionWeight, .queryNormOutput: heads
    case .keyOutput, .valueOutput, .keyNormOutput: keyHeads
    default: nil
    }
  }

  /// The sites of its blocks that the reference's vocabulary has too.
  var namedSites: [Site] { Site.decoderSites.filter { !layers(with: $0).isEmpty } }

  /// Sites of its blocks beyond these.
  var furtherBlockSites: [Site] {
    let hasNorms = blocks.contains { $0.attention.norms != nil }
    let isGated = dense?.mlp.form.isGated ?? false
    let isPostNorm = blocks[0].order == .postNorm && blocks[0].attentionSpan == .stream
    let ofNetworks: [Site] =
      [.routerOutput, .mlpPreactivation]
      + (isGated ? [.mlpUpInput, .mlpUpOutput, .mlpProduct] : [])
    return (hasNorms ? [.queryNormOutput, .keyNormOutput] : [])
      + (isPostNorm ? [.attentionProjectionOutput] : [])
      + (blocks[0].order.isParallel || blocks[0].attentionSpan == .stream ? [] : [.residualMiddle])
      + ofNetworks.filter { !layers(with: $0).isEmpty }
  }

  /// The first block with one network, and the first with experts.
  private var dense: BlockShape? { blocks.first { $0.mlp.experts == nil } }
  private var sparse: BlockShape? { blocks.first { $0.mlp.experts != nil } }

  /// The layers that have a site of the blocks, in runs: what lies inside a network is not shown of
  /// experts, which alone have a router.
  public func layers(with site: Site) -> [Range<Int>] {
    let isSparse: Bool
    switch site {
    case .routerOutput: isSparse = true
    case .mlpActivation, .mlpPreactivation, .mlpUpInput, .mlpUpOutput, .mlpProduct: isSparse = false
    default: return [0..<layers]
    }
    var runs: [Range<Int>] = []
    for layer in blocks.indices where (blocks[layer].mlp.experts != nil) == isSparse {
      if let last = runs.last, last.upperBound == layer {
        runs[runs.count - 1] = last.lowerBound..<layer + 1
      } else {
        runs.append(layer..<layer + 1)
      }
    }
    return runs
  }

  /// Whether it has a site, in every layer if it is one of blocks.
  public func has(_ site: Site) -> Bool {
    if namedSites.contains(site) || furtherBlockSites.contains(site) {
      return layers(with: site) == [0..<layers]
    }
    return [.qkvOutput, .keyInput, .valueInput, .tokenEmbeddingOutput, .finalNormOutput, .logits]
      .contains(site) || (site == .positionEmbeddingOutput && front.hasPositions)
  }
}
