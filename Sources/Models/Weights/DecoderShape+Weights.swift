extension DecoderShape {
  /// Every weight that a transformer of this shape has, in the order of use.
  public var weights: [DecoderWeight] {
    let front: [StackModule] = [
      .tokenEmbedding, .embeddingProjection, .patchProjection, .classToken, .firstConvolution,
      .secondConvolution, .positionEmbedding, .segmentEmbedding, .embeddingNorm,
    ]
    let end: [StackModule] = [.finalNorm, .headProjection, .headTransform, .headNorm, .head]
    func both(_ module: DecoderWeight.Module) -> [DecoderWeight] {
      [false, true].map { DecoderWeight(module, isBias: $0) }
    }
    let inBlocks = blocks.indices.flatMap { layer in
      BlockModule.allCases.flatMap { module -> [DecoderWeight] in
        let copies = blocks[layer].copies(of: module)
        let numbers = copies.map { (0..<$0).map(Optional.some) } ?? [nil]
        return numbers.flatMap { both(.block(module, layer: layer, expert: $0)) }
      }
    }
    let all = front.flatMap { both(.stack($0)) } + inBlocks + end.flatMap { both(.stack($0)) }
    return all.filter { size(of: $0) != nil }
  }

  /// The size of a weight: `[outputs, inputs]` of a matrix, `[rows, width]` of a table, `[width]` of
  /// a vector; nil where a transformer of this shape has no such weight.
  public func size(of weight: DecoderWeight) -> [Int]? {
    switch weight.module {
    case .stack(let module): size(of: module, isBias: weight.isBias)
    case .block(let module, let layer, _):
      layer < layers ? size(of: module, blocks[layer], layer: layer, isBias: weight.isBias) : nil
    }
  }

  /// The shape in which files have a weight, where it has more axes than the weight.
  func storedShape(of weight: DecoderWeight) -> [Int]? {
    guard !weight.isBias, case .stack(let module) = weight.module else { return nil }
    switch (front.reads, module) {
    case (.patches(let patches), .patchProjection):
      return [width, patches.channels, patches.patchHeight, patches.patchWidth]
    case (.patches, .classToken): return [1, 1, width]
    case (.patches, .positionEmbedding): return [1, positionCount + front.positionOffset, width]
    case (.frames(let frames), .firstConvolution):
      return [width, frames.channels, FrameShape.kernel]
    case (.frames, .secondConvolution): return [width, width, FrameShape.kernel]
    default: return nil
    }
  }

  private func size(of module: StackModule, isBias: Bool) -> [Int]? {
    func norm(_ norm: NormShape?, _ width: Int) -> [Int]? {
      norm.flatMap { (isBias ? $0.hasBias : $0.hasGain) ? [width] : nil }
    }
    let inner = front.width ?? width
    switch module {
    case .tokenEmbedding: return isBias || front.reads != .tokens ? nil : [vocabulary, inner]
    case .patchProjection:
      guard case .patches(let patches) = front.reads else { return nil }
      return isBias ? [width] : [width, patches.inputs]
    case .classToken:
      guard case .patches = front.reads, !isBias else { return nil }
      return [1, width]
    case .firstConvolution:
      guard case .frames(let frames) = front.reads else { return nil }
      return isBias ? [width] : [width, FrameShape.kernel * frames.channels]
    case .secondConvolution:
      guard case .frames = front.reads else { return nil }
      return isBias ? [width] : [width, FrameShape.kernel * width]
    case .positionEmbedding:
      return isBias || !front.hasPositions ? nil : [positionCount + front.positionOffset, width]
    case .segmentEmbedding: return isBias || front.segments == 0 ? nil : [front.segments, width]
    case .embeddingNorm: return norm(front.norm, width)
    case .embeddingProjection: return isBias || front.width == nil ? nil : [width, inner]
    case .headProjection: return isBias || front.width == nil ? nil : [inner, width]
    case .finalNorm: return norm(finalNorm, width)
    case .headTransform: return head.transform.map { _ in isBias ? [width] : [width, width] }
    case .headNorm: return norm(head.transform?.norm, width)
    case .head:
      guard head.hasMatrix else { return nil }
      if isBias { return head.hasBias ? [vocabulary] : nil }
      return head.isTied ? nil : [vocabulary, inner]
    }
  }

  private func size(
    of module: BlockModule, _ block: BlockShape, layer: Int, isBias: Bool
  ) -> [Int]? {
    let attention = block.attention
    func norm(_ norm: NormShape?, _ width: Int) -> [Int]? {
      norm.flatMap { (isBias ? $0.hasBias : $0.hasGain) ? [width] : nil }
    }
    func map(_ outputs: Int, _ inputs: Int, hasBias: Bool) -> [Int]? {
      isBias ? (hasBias ? [outputs] : nil) : [outputs, inputs]
    }
    func norms(_ heads: Int) -> [Int]? {
      switch attention.norms {
      case .head(let shape): norm(shape, attention.headWidth)
      case .eachHead(let shape): norm(shape, attention.headWidth)
      case .whole(let shape): norm(shape, heads * attention.headWidth)
      case nil: nil
      }
    }
    func crossed(_ outputs: Int, _ inputs: Int, _ bias: AttentionShape.Biases) -> [Int]? {
      block.cross.flatMap { map(outputs, inputs, hasBias: $0.biases.contains(bias)) }
    }
    let biases = attention.biases
    let mlp = block.mlp
    switch module {
    case .attentionNorm, .attentionOutputNorm, .crossNorm, .mlpNorm, .mlpOutputNorm:
      return block.has(module) ? norm(block.norm, width) : nil
    case .query: return map(attention.queryWidth, width, hasBias: biases.contains(.query))
    case .key: return map(attention.keyWidth, width, hasBias: biases.contains(.key))
    case .value: return map(attention.keyWidth, width, hasBias: biases.contains(.value))
    case .attentionOutput:
      return map(width, attention.queryWidth, hasBias: biases.contains(.output))
    case .queryNorm: return norms(attention.heads)
    case .keyNorm: return norms(attention.keyHeads)
    case .sinks: return isBias || !attention.hasSinks ? nil : [attention.heads]
    case .relativeBias:
      guard case .buckets(let count, _, _, isOwn: true) = attention.bias, !isBias else {
        return nil
      }
      return [count, attention.heads]
    case .crossQuery: return crossed(block.cross?.queryWidth ?? 0, width, .query)
    case .crossKey: return crossed(block.cross?.keyWidth ?? 0, width, .key)
    case .crossValue: return crossed(block.cross?.keyWidth ?? 0, width, .value)
    case .crossOutput: return crossed(width, block.cross?.queryWidth ?? 0, .output)
    case .router:
      return mlp.experts.flatMap { map($0.count, width, hasBias: $0.hasRouterBias) }
    case .gate: return mlp.form.isGated ? map(mlp.width, width, hasBias: mlp.hasBias) : nil
    case .up: return map(mlp.width, width, hasBias: mlp.hasBias)
    case .down: return map(width, mlp.width, hasBias: mlp.hasBias)
    }
  }
}
