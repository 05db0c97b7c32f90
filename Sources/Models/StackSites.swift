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

  /// Whether a decoder makes it of the encoder's rows: the keys and values of its attention to them.
  package var isOfEncodedRows: Bool {
    stack == .cross && [.keyInput, .keyOutput, .valueInput, .valueOutput].contains(own.unsplit)
  }

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
