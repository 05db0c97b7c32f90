public import Tensors

/// What distinguishes one transformer from another: sizes and choices, no weights.
public struct DecoderShape: Sendable, Equatable {
  /// What is made of tokens before the first block.
  public struct Front: Sendable, Equatable {
    /// What rows are made of.
    public enum Reads: Sendable, Equatable {
      /// Tokens, by an embedding.
      case tokens
      /// Tokens, by the embedding of the decoder that the encoder is read by.
      case decoderTokens
      /// Squares of an image, after a row for the whole.
      case patches(PatchShape)
      /// Frames of a sound.
      case frames(FrameShape)
    }

    public var reads = Reads.tokens
    /// Whether there is an embedding for each position, added to the token's.
    public var hasPositions = false
    /// Rows of the position embedding before that of position 0; OPT has two.
    public var positionOffset = 0
    /// The token whose rows have the embedding before that of position 0 and are not counted among the
    /// positions of others, as fairseq has it; nil: none.
    public var padding: Int?
    /// Factor of token embeddings; Gemma's is √width.
    public var scale: Float?
    /// Kinds of segments, each with an embedding; rows are of kind 0.
    public var segments = 0
    public var norm: NormShape?
    /// The width of token embeddings where it is not the stream's: a matrix widens them, and another
    /// narrows what the head reads.
    public var width: Int?
    /// Factor of a row's token embedding where tokens were masked out in training (ESM).
    public var masking: Masking?

    public struct Masking: Sendable, Equatable {
      /// The token that stands for a masked one; its embedding is zero.
      public var token: Int
      /// The part of tokens that was masked in training.
      public var ratio: Float

      public init(token: Int, ratio: Float) { (self.token, self.ratio) = (token, ratio) }
    }

    public init(hasPositions: Bool = false, scale: Float? = nil) {
      (self.hasPositions, self.scale) = (hasPositions, scale)
    }
  }

  /// What makes logits of the last stream.
  public struct Head: Sendable, Equatable {
    /// Whether the matrix is the token embedding.
    public var isTied: Bool
    public var hasBias = false
    /// The size that logits are bent to stay below.
    public var softCap: Float?
    /// A map, a nonlinearity and a norm before the matrix (BERT).
    public var transform: Transform?

    public struct Transform: Sendable, Equatable {
      public var activation: Activation
      public var norm: NormShape

      public init(_ activation: Activation, norm: NormShape) {
        (self.activation, self.norm) = (activation, norm)
      }
    }

    /// Whether there is a matrix; a model without gives the last stream.
    public var hasMatrix = true
    /// Factor of what the matrix reads; T5's is 1/√width.
    public var scale: Float?
    /// Whether the first row of each example alone has logits: a classifier's.
    public var isOfFirstRow = false

    public init(isTied: Bool) { self.isTied = isTied }

    /// No head: the model gives the last stream.
    public static let none: Head = {
      var head = Head(isTied: true)
      head.hasMatrix = false
      return head
    }()
  }

  /// Of the residual stream.
  public var width: Int
  public var vocabulary: Int
  /// The longest context.
  public var positionCount: Int
  public var front: Front
  /// One at least; heads and widths are those of the first.
  public var blocks: [BlockShape]
  public var finalNorm: NormShape?
  public var head: Head

  public init(
    width: Int, vocabulary: Int, positionCount: Int, front: Front = Front(), blocks: [BlockShape],
    finalNorm: NormShape?, head: Head
  ) {
    precondition(!blocks.isEmpty, "a transformer without a block")
    (self.width, self.vocabulary, self.positionCount) = (width, vocabulary, positionCount)
    (self.front, self.blocks, self.finalNorm, self.head) = (front, blocks, finalNorm, head)
  }

  public var layers: Int { blocks.count }
  /// What a row of the model's output has: a logit for each token, or the last stream.
  public var outputWidth: Int { head.hasMatrix ? vocabulary : width }
  public var heads: Int { blocks[0].attention.heads }
  public var keyHeads: Int { blocks[0].attention.keyHeads }
  public var headWidth: Int { blocks[0].attention.headWidth }
  public var queryWidth: Int { blocks[0].attention.queryWidth }
  public var keyWidth: Int { blocks[0].attention.keyWidth }
  /// Hidden units that a row goes through, of the widest block.
  public var mlpWidth: Int {
    blocks.map { $0.mlp.width * ($0.mlp.experts?.used ?? 1) }.max() ?? 0
  }
  public var tiedEmbedding: Bool { head.isTied }
  /// Whether a change at a position leaves all earlier positions as they are.
  public var isCausal: Bool { blocks.allSatisfy(\.attention.isCausal) }
  /// How many keys a query sees at most in each layer, itself among them; nil: all.
  public var windows: [Int?] { blocks.map(\.attention.window) }
  /// The same; nil where no layer has a window.
  package var listedWindows: [Int?]? { windows.contains { $0 != nil } ? windows : nil }

  /// The longest sequence whose keys are turned as those of short ones; all keys of longer ones turn by
  /// other angles (longrope). Nil where length makes no difference.
  public var longestShort: Int? {
    blocks.lazy.compactMap { $0.attention.rotary?.long?.length }.first
  }

  /// How many rows examples have.
  public var extent: SiteExtent {
    switch front.reads {
    case .tokens, .decoderTokens: .inputs
    case .patches, .frames: .fixed(positionCount)
    }
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    var limits = InputLimits(vocabulary: vocabulary, width: width, positions: positionCount)
    limits.segments = front.segments == 0 ? nil : front.segments
    switch front.reads {
    case .tokens, .decoderTokens: break
    case .patches(let patches): limits.reads = .images(patches.imageSize)
    case .frames(let frames): limits.reads = .features([frames.channels, 2 * positionCount])
    }
    return limits
  }

  /// Multiply-adds of the matrix products of one row through one block, the mean of all blocks;
  /// attention's own left out.
  public var productsPerBlockRow: Int {
    blocks.reduce(0) { $0 + $1.products(width: width) } / layers
  }
}
