internal import Checkpoints
internal import Inputs

/// The tokens of a GGUF file, each checked.
struct GGUFVocabulary {
  /// What `tokenizer.ggml.token_type` says of a token.
  enum Kind: Int, Sendable {
    case plain = 1, unknown, control, byUser, unused, byte
  }

  let file: String
  let tokens: [String]
  let kinds: [Kind]
  let ids: [ByteKey: Int]
  let types: [Int]

  /// - Parameter rows: The rows of the model's embedding, which every token must have.
  init(_ tokens: [String], types: [Int], rows: Int?, file: String) throws(Refusal) {
    (self.file, self.tokens, self.types) = (file, tokens, types)
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Self.refusal(file, field, found, expected)
    }
    guard !tokens.isEmpty else { throw refusal("tokens", "0 tokens", "a vocabulary") }
    guard tokens.count <= rows ?? Int(Int32.max) - 1 else {
      throw refusal(
        "tokens", "\(tokens.count) tokens", "at most \(rows ?? 0), the rows of the embedding")
    }
    guard types.count == tokens.count else {
      throw refusal(
        "token_type", "\(types.count) types", "one for each of \(tokens.count) tokens")
    }
    var ids: [ByteKey: Int] = [:]
    ids.reserveCapacity(tokens.count)
    var kinds: [Kind] = []
    for (id, (token, type)) in zip(tokens, types).enumerated() {
      guard let kind = Kind(rawValue: type) else {
        throw refusal("token_type", "\(type) for token \(id)", "a type from 1 to 6")
      }
      kinds.append(kind)
      if let other = ids.updateValue(id, forKey: ByteKey(token)) {
        throw refusal(
          "tokens", "\(quoted(token)) twice, as \(other) and as \(id)", "each token once")
      }
      guard
        token.utf8.count <= TokenizerPipeline.addedTokenLimit
          || ![.unknown, .control, .byUser].contains(kind)
      else {
        throw refusal(
          "tokens", "token \(id) of \(token.utf8.count) bytes",
          "at most \(TokenizerPipeline.addedTokenLimit) in a token that is found in text")
      }
    }
    (self.ids, self.kinds) = (ids, kinds)
  }

  static func refusal(
    _ file: String, _ field: String, _ found: String, _ expected: String
  ) -> Refusal {
    Refusal(.model, file: file, field: "tokenizer.ggml.\(field)", found: found, expected: expected)
  }

  func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
    Self.refusal(file, field, found, expected)
  }

  /// The tokens that are found in the text as it stands.
  var added: [AddedToken] {
    zip(tokens, kinds).enumerated().compactMap { id, token in
      guard [.unknown, .control, .byUser].contains(token.1), !token.0.isEmpty else { return nil }
      return AddedToken(id: id, content: token.0, isSpecial: token.1 != .byUser)
    }
  }

  /// The ids of the first token that is unknown, if any.
  var unknown: Int32? { kinds.firstIndex(of: .unknown).map { Int32($0) } }

  /// The tokens that go around a text.
  func frame(first: Int?, last: Int?) throws(Refusal) -> SpecialFrame {
    for (name, id) in [("bos_token_id", first), ("eos_token_id", last)] {
      if let id, !tokens.indices.contains(id) {
        throw refusal(name, "\(id)", "an id below \(tokens.count), the number of tokens")
      }
    }
    return SpecialFrame(before: first.map { [$0] } ?? [], after: last.map { [$0] } ?? [])
  }

  /// The digest of lists of strings, each list and string with its length before it.
  static func digest(of lists: [[String]]) -> String {
    var digest = Digest()
    func add(_ count: Int, _ digest: inout Digest) {
      withUnsafeBytes(of: UInt64(count).littleEndian) { digest.update($0) }
    }
    for list in lists {
      add(list.count, &digest)
      for text in list {
        var text = text
        add(text.utf8.count, &digest)
        text.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
      }
    }
    return digest.hexadecimal()
  }
}
