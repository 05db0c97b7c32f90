public import Inputs
internal import Tensors

/// What a model can be run on; checked before a run, which trusts its inputs.
public struct InputLimits: Sendable, Equatable {
  /// Tokens are below this; nil if the model has no token embeddings.
  public var vocabulary: Int?
  /// The elements of one embedding.
  public var width: Int
  /// The longest example; nil if there is no limit.
  public var positions: Int?

  /// Kinds of segments; nil if the model tells none apart.
  public var segments: Int?
  /// What the model reads.
  public var reads = Reads.sequences

  public indirect enum Reads: Sendable, Equatable {
    /// Tokens or embeddings.
    case sequences
    /// Images of `[channels, height, width]`.
    case images([Int])
    /// Images of so many channels and of any height and width.
    case imagesOfAnySize(channels: Int)
    /// Features of `[channels, frames]`.
    case features([Int])
    /// What an encoder of those limits reads, and a decoder's tokens.
    case pairs(encoder: InputLimits)

    /// In words, for refusals.
    package var words: String {
      switch self {
      case .sequences: "tokens or embeddings"
      case .images(let size): "images (pixel_values) of shape \(size)"
      case .imagesOfAnySize(let channels):
        "images (pixel_values) of shape [\(channels), height, width]"
      case .features(let size): "features (input_features) of shape \(size)"
      case .pairs(let encoder): "\(encoder.reads.words) for the encoder, and decoder_input_ids"
      }
    }
  }

  /// Limits of the given sizes.
  public init(vocabulary: Int?, width: Int, positions: Int?) {
    self.vocabulary = vocabulary
    self.width = width
    self.positions = positions
  }

  /// Of a model that reads images of any size.
  public init(channels: Int) {
    self.init(vocabulary: nil, width: channels, positions: nil)
    reads = .imagesOfAnySize(channels: channels)
  }

  /// - Throws: A refusal with the example and position, such as `inputs[2][5]`.
  public func check<Scalar>(_ inputs: ModelInputs<Scalar>) throws(Refusal) {
    guard !inputs.lengths.isEmpty else {
      throw Self.refusal("inputs", "no example", expected: "one at least")
    }
    for (example, length) in inputs.lengths.enumerated() where !inputs.isWhole {
      guard length > 0, length <= positions ?? .max else {
        throw Self.refusal(
          "inputs[\(example)]", "\(length) positions",
          expected: positions.map { "1 to \($0) (the model's context)" } ?? "one at least")
      }
    }
    switch (inputs, reads) {
    case (.images(let images), .images(let size)): return try Self.check(images, size)
    case (.images(let images), .imagesOfAnySize(let channels)):
      return try Self.check(images, channels: channels)
    case (.features(let features), .features(let size)): return try Self.check(features, size)
    case (.pairs(let read, let tokens), .pairs(let encoder)):
      guard read.lengths.count == tokens.count else {
        throw Self.refusal(
          "decoder_input_ids", "\(tokens.count) examples", expected: "\(read.lengths.count)")
      }
      try encoder.check(read)
      var own = self
      own.reads = .sequences
      do {
        return try own.check(ModelInputs<Scalar>.tokens(tokens))
      } catch { throw error.naming("inputs", as: "decoder_input_ids") }
    case (.tokens, .sequences), (.segments, .sequences), (.embeddings, .sequences): break
    default: throw Self.refusal("inputs", inputs.words, expected: reads.words)
    }
    switch inputs {
    case .images, .features, .pairs: break
    case .segments(let tokens, let kinds):
      for (example, row) in kinds.enumerated() {
        guard row.count == tokens[example].count else {
          throw Self.refusal(
            "token_type_ids[\(example)]", "\(row.count) kinds", expected: "\(tokens[example].count)"
          )
        }
        for (position, kind) in row.enumerated() where !(0..<(segments ?? 0)).contains(kind) {
          throw Self.refusal(
            "token_type_ids[\(example)][\(position)]", "\(kind)",
            expected: segments.map { "a kind from 0 to \($0 - 1)" }
              ?? "none: the model has no kinds")
        }
      }
      try check(ModelInputs<Scalar>.tokens(tokens))
    case .tokens(let tokens):
      guard let vocabulary else {
        throw Self.refusal(
          "inputs", "tokens", expected: "embeddings: the model has no token embeddings")
      }
      for (example, ids) in tokens.enumerated() {
        for (position, id) in ids.enumerated() where !(0..<vocabulary).contains(id) {
          throw Self.refusal(
            "inputs[\(example)][\(position)]", "token \(id)",
            expected: "a token from 0 to \(vocabulary - 1)")
        }
      }
    case .embeddings(let embeddings):
      for (example, value) in embeddings.enumerated() where value.shape.dropFirst() != [width] {
        throw Self.refusal(
          "inputs[\(example)]", "embeddings of shape \(value.shape)",
          expected: "[positions, \(width)]")
      }
    }
  }

  private static func check<Scalar>(
    _ images: [Tensor<Scalar>], channels: Int
  ) throws(Refusal) {
    for (example, image) in images.enumerated()
    where image.shape.count != 3 || image.shape[0] != channels || image.count == 0 {
      throw refusal(
        "inputs[\(example)]", "an image of shape \(image.shape)",
        expected: "[\(channels), height, width]")
    }
  }

  private static func check<Scalar>(
    _ values: [Tensor<Scalar>], _ size: [Int]
  ) throws(Refusal) {
    for (example, value) in values.enumerated() where value.shape != size {
      throw refusal("inputs[\(example)]", "shape \(value.shape)", expected: "\(size)")
    }
  }

  private static func refusal(_ field: String, _ found: String, expected: String) -> Refusal {
    Refusal(.job, field: field, found: found, expected: expected)
  }
}

extension ModelInputs {
  /// Whether each example has one size, which a model prescribes.
  fileprivate var isWhole: Bool {
    switch self {
    case .images, .features: true
    case .tokens, .segments, .embeddings, .pairs: false
    }
  }

  fileprivate var words: String {
    switch self {
    case .tokens, .segments: "tokens alone"
    case .embeddings: "embeddings alone"
    case .images: "images"
    case .features: "features alone"
    case .pairs(let read, _): "decoder_input_ids beside \(read.words)"
    }
  }
}

extension Refusal {
  /// The refusal with another name where its field begins with a name.
  package func naming(_ name: String, as other: String) -> Refusal {
    guard field == name || field.hasPrefix("\(name)[") else { return self }
    return Refusal(
      kind, file: file, field: other + field.dropFirst(name.count), found: found,
      expected: expected)
  }
}
