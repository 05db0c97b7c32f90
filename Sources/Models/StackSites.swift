/// Sites of models of two stacks: an encoder, and a decoder that attends to what the encoder gives.
extension Site {
  /// A stack, or the decoder's attention to the encoder.
  public enum Stack: String, Sendable, CaseIterable {
    case encoder, decoder
    case cross = "decoder_cross"
  }

  /// The stack that it is a site of; nil of the sites of models of one stack.
  public var stack: Stack? { Self.stacked[self]?.stack }

  /// The same site of a model of one stack.
  public var own: Site { Self.stacked[self]?.own ?? self }

  /// The same site of a stack; itself where stacks have none of their own, such as logits.
  public func of(_ stack: Stack) -> Site {
    Site(rawValue: "\(stack.rawValue)_\(own.rawValue)") ?? self
  }

  private static let stacked: [Site: (stack: Stack, own: Site)] = {
    var found: [Site: (stack: Stack, own: Site)] = [:]
    for site in allCases {
      // The longest beginning that leaves the name of a site.
      for stack in [Stack.cross, .encoder, .decoder] where found[site] == nil {
        let beginning = stack.rawValue + "_"
        guard site.rawValue.hasPrefix(beginning),
          let own = Site(rawValue: String(site.rawValue.dropFirst(beginning.count)))
        else { continue }
        found[site] = (stack, own)
      }
    }
    return found
  }()
}

/// How many positions a batch's examples have at a site.
public enum SiteExtent: Sendable, Hashable {
  /// As many as what the model is run on; of an encoder-decoder, as the decoder's tokens.
  case inputs
  /// As many as what the encoder reads.
  case encoder
  /// The same in every example, such as an image's patches.
  case fixed(Int)
}

/// How many positions each example of a batch has.
public struct InputLengths: Sendable, Equatable {
  /// Of what the model is run on; of an encoder-decoder, of the decoder's tokens.
  public var inputs: [Int]
  /// Of what the encoder reads.
  public var encoder: [Int]

  public init(_ inputs: [Int], encoder: [Int]? = nil) {
    (self.inputs, self.encoder) = (inputs, encoder ?? inputs)
  }

  /// The number of examples.
  public var count: Int { inputs.count }

  public subscript(extent: SiteExtent) -> [Int] {
    switch extent {
    case .inputs: inputs
    case .encoder: encoder
    case .fixed(let count): Array(repeating: count, count: inputs.count)
    }
  }
}
