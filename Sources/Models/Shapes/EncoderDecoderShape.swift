/// What distinguishes one encoder-decoder from another: a stack that reads, and one that attends to what
/// the first gives.
public struct EncoderDecoderShape: Sendable, Equatable {
  public var encoder, decoder: DecoderShape

  /// - Precondition: Every block of the decoder attends to the encoder, which has no head.
  public init(encoder: DecoderShape, decoder: DecoderShape) {
    precondition(
      decoder.blocks.allSatisfy { $0.cross != nil } && !encoder.head.hasMatrix,
      "an encoder without head and a decoder with cross-attention")
    (self.encoder, self.decoder) = (encoder, decoder)
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    var limits = decoder.inputLimits
    limits.reads = .pairs(encoder: encoder.inputLimits)
    return limits
  }

  /// How many rows examples have in the encoder.
  public var encoderExtent: SiteExtent {
    encoder.extent == .inputs ? .encoder : encoder.extent
  }

  /// The elements of one row at a site; of attention weights per key.
  public func width(of site: Site) -> Int {
    guard site.stack == .cross, let cross = decoder.blocks[0].cross else {
      return (site.stack == .encoder ? encoder : decoder).width(of: site.own)
    }
    return switch site.own.unsplit {
    case .queryOutput, .attentionValueOutput: cross.queryWidth
    case .keyOutput, .valueOutput: cross.keyWidth
    case .attentionWeight: cross.heads
    default: decoder.width
    }
  }

  /// The heads that a site has, or nil where it is not made of heads.
  public func heads(of site: Site) -> Int? {
    guard site.stack == .cross, let cross = decoder.blocks[0].cross else {
      return (site.stack == .encoder ? encoder : decoder).heads(of: site.own)
    }
    return switch site.own.unsplit {
    case .queryOutput, .attentionValueOutput, .attentionWeight: cross.heads
    case .keyOutput, .valueOutput: cross.keyHeads
    default: nil
    }
  }

  /// How many positions examples have at a site.
  public func extent(of site: Site) -> SiteExtent {
    switch site.stack {
    case .encoder: encoderExtent
    case .decoder, nil: .inputs
    case .cross: site.isOfEncodedRows ? encoderExtent : .inputs
    }
  }

  /// How many keys examples have at a site that has a number for each key.
  public func keyExtent(of site: Site) -> SiteExtent {
    site.stack == .encoder || site.stack == .cross ? encoderExtent : .inputs
  }
}
