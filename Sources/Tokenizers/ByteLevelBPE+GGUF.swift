public import Inputs

extension ByteLevelBPE {
  /// Makes the tokenizer that the metadata of a GGUF file describes.
  ///
  /// - Parameters:
  ///   - tokens: `tokenizer.ggml.tokens`.
  ///   - merges: `tokenizer.ggml.merges`.
  ///   - tokenTypes: `tokenizer.ggml.token_type`: 1 plain, 2 unknown, 3 control, 4 added by the
  ///     user, 5 unused, 6 byte. Types 2, 3 and 4 are recognised in text.
  ///   - pre: `tokenizer.ggml.pre`.
  ///   - first: The token to begin with when special tokens are asked for, if the file adds one.
  ///   - last: The token to end with, likewise.
  ///   - file: The file's path, for refusals.
  ///   - vocabularySize: The rows of the model's embedding, which every token must have.
  public init(
    gguf tokens: [String], merges: [String], tokenTypes: [Int], pre: String, first: Int? = nil,
    last: Int? = nil, file: String = "", vocabularySize: Int? = nil
  ) throws(Refusal) {
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(
        .model, file: file, field: "tokenizer.ggml.\(field)", found: found, expected: expected)
    }
    guard !tokens.isEmpty else { throw refusal("tokens", "0 tokens", "a vocabulary") }
    guard tokens.count <= vocabularySize ?? Int(Int32.max) - 1 else {
      throw refusal(
        "tokens", "\(tokens.count) tokens",
        "at most \(vocabularySize ?? 0), the rows of the embedding")
    }
    guard tokenTypes.count == tokens.count else {
      throw refusal(
        "token_type", "\(tokenTypes.count) types", "one for each of \(tokens.count) tokens")
    }
    var ids: [ByteKey: Int] = [:]
    var added: [AddedToken] = []
    for (id, (token, type)) in zip(tokens, tokenTypes).enumerated() {
      guard (1...6).contains(type) else {
        throw refusal("token_type", "\(type) for token \(id)", "a type from 1 to 6")
      }
      if let other = ids.updateValue(id, forKey: ByteKey(token)) {
        throw refusal(
          "tokens", "\(quoted(token)) twice, as \(other) and as \(id)", "each token once")
      }
      guard (2...4).contains(type) else { continue }
      guard token.utf8.count <= Self.addedTokenLimit else {
        throw refusal(
          "tokens", "token \(id) of \(token.utf8.count) bytes",
          "at most \(Self.addedTokenLimit) in a token that is found in text")
      }
      added.append(AddedToken(id: id, content: token, isSpecial: type != 4))
    }
    for (name, id) in [("bos_token_id", first), ("eos_token_id", last)] {
      if let id, !tokens.indices.contains(id) {
        throw refusal(name, "\(id)", "an id below \(tokens.count), the number of tokens")
      }
    }
    let published = try PublishedPreTokenizer(named: pre, file: file)
    var rules = MergeRules(ids: ids, mergeCount: merges.count)
    rules.ignoresMerges = published.ignoresMerges
    for (rank, merge) in merges.enumerated() {
      let parts = merge.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw refusal(
          "merges", "\(quoted(merge)) for merge \(rank)", "two tokens with a space between")
      }
      try rules.append(String(parts[0]), String(parts[1]), in: ids) {
        refusal("merges[\(rank)]", $0, $1)
      }
    }
    let addedIds = Set(added.map(\.id))
    vocabulary = Vocabulary(
      tokens.enumerated().map { id, token in
        addedIds.contains(id)
          ? Array(token.utf8) : ByteAlphabet.bytes(of: token) ?? Array(token.utf8)
      }, special: Set(added.filter(\.isSpecial).map(\.id)), first: added.map(\.id))
    self.rules = rules
    composes = published.composes
    addedTokens = (AddedTokenFinder(added), AddedTokenFinder([]))
    preTokenizers = published.steps
    frame = SpecialFrame(before: first.map { [$0] } ?? [], after: last.map { [$0] } ?? [])
    digest = Self.digest(of: [[pre], tokens, merges, tokenTypes.map(String.init)])
    self.file = file
  }

  /// The digest of lists of strings, each list and string with its length before it.
  private static func digest(of lists: [[String]]) -> String {
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
