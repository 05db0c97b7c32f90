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
  /// The channels of an image; nil if the model does not read images. One that does reads nothing
  /// else.
  public var channels: Int?

  /// Limits of the given sizes.
  public init(vocabulary: Int?, width: Int, positions: Int?) {
    self.vocabulary = vocabulary
    self.width = width
    self.positions = positions
  }

  /// Of a model that reads images of any size.
  public init(channels: Int) {
    self.init(vocabulary: nil, width: channels, positions: nil)
    self.channels = channels
  }

  /// - Throws: A refusal with the example and position, such as `inputs[2][5]`.
  public func check<Scalar>(_ inputs: ModelInputs<Scalar>) throws(Refusal) {
    if case .images(let images) = inputs { return try check(images) }
    if let channels {
      throw Self.refusal(
        "inputs", "no images", expected: "images of \(channels) channels, which the model reads")
    }
    guard !inputs.lengths.isEmpty else {
      throw Self.refusal("inputs", "no example", expected: "one at least")
    }
    for (example, length) in inputs.lengths.enumerated() {
      guard length > 0, length <= positions ?? .max else {
        throw Self.refusal(
          "inputs[\(example)]", "\(length) positions",
          expected: positions.map { "1 to \($0) (the model's context)" } ?? "one at least")
      }
    }
    switch inputs {
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
    case .images: break
    }
  }

  private func check<Scalar>(_ images: [Tensor<Scalar>]) throws(Refusal) {
    guard let channels else {
      throw Self.refusal("inputs", "images", expected: "tokens or embeddings")
    }
    guard !images.isEmpty else {
      throw Self.refusal("inputs", "no example", expected: "one at least")
    }
    for (example, image) in images.enumerated()
    where image.shape.count != 3 || image.shape[0] != channels || image.count == 0 {
      throw Self.refusal(
        "inputs[\(example)]", "an image of shape \(image.shape)",
        expected: "[\(channels), height, width]")
    }
  }

  private static func refusal(_ field: String, _ found: String, expected: String) -> Refusal {
    Refusal(.job, field: field, found: found, expected: expected)
  }
}
