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

  /// Limits of the given sizes.
  public init(vocabulary: Int?, width: Int, positions: Int?) {
    self.vocabulary = vocabulary
    self.width = width
    self.positions = positions
  }

  /// - Throws: A refusal with the example and position, such as `inputs[2][5]`.
  public func check<Scalar>(_ inputs: ModelInputs<Scalar>) throws(Refusal) {
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
    case .segments(let tokens, let kinds):
      for (example, row) in kinds.enumerated() {
        guard row.count == tokens[example].count else {
          throw Self.refusal(
            "token_type_ids[\(example)]", "\(row.count) kinds", expected: "\(tokens[example].count)")
        }
        for (position, kind) in row.enumerated() where !(0..<(segments ?? 0)).contains(kind) {
          throw Self.refusal(
            "token_type_ids[\(example)][\(position)]", "\(kind)",
            expected: segments.map { "a kind from 0 to \($0 - 1)" } ?? "none: the model has no kinds")
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

  private static func refusal(_ field: String, _ found: String, expected: String) -> Refusal {
    Refusal(.job, field: field, found: found, expected: expected)
  }
}
