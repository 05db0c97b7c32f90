extension DecoderShape {
  /// The elements of one row at a site; of attention weights per key.
  public func width(of site: Site) -> Int {
    let block = blocks[0]
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput, .queryNormOutput: return queryWidth
    case .keyOutput, .valueOutput, .keyNormOutput: return keyWidth
    case .mlpActivation, .mlpPreactivation, .mlpUpOutput, .mlpProduct: return block.mlp.width
    case .attentionWeight: return heads
    case .qkvOutput: return queryWidth + 2 * keyWidth
    case .routerOutput: return block.mlp.experts?.count ?? 0
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
  var namedSites: [Site] {
    Site.decoderSites.filter { site in
      site != .mlpActivation || blocks.allSatisfy { $0.mlp.experts == nil }
    }
  }

  /// Sites of its blocks beyond these.
  var furtherBlockSites: [Site] {
    let hasNorms = blocks.contains { $0.attention.norms != nil }
    let hasExperts = blocks.contains { $0.mlp.experts != nil }
    let isGated = blocks[0].mlp.form.isGated
    let isPostNorm = blocks[0].order == .postNorm && blocks[0].attentionSpan == .stream
    return (hasNorms ? [.queryNormOutput, .keyNormOutput] : [])
      + (isPostNorm ? [.attentionProjectionOutput] : [])
      + (blocks[0].order.isParallel || blocks[0].attentionSpan == .stream ? [] : [.residualMiddle])
      + (hasExperts
        ? [.routerOutput]
        : [.mlpPreactivation] + (isGated ? [.mlpUpInput, .mlpUpOutput, .mlpProduct] : []))
  }

  /// Whether it has a site.
  public func has(_ site: Site) -> Bool {
    namedSites.contains(site) || furtherBlockSites.contains(site)
      || [.qkvOutput, .keyInput, .valueInput, .tokenEmbeddingOutput, .finalNormOutput, .logits]
        .contains(site)
      || (site == .positionEmbeddingOutput && front.hasPositions)
  }
}
