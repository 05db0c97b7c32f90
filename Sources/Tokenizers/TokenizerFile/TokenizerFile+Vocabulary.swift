internal import Inputs

extension TokenizerFile {
  struct VocabularyFields {
    /// The ids by the tokens' texts, as the file writes them.
    var ids: [ByteKey: Int]
    /// The texts by their ids.
    var texts: [Int: String]
    /// The scores by id, of a unigram model.
    var scores: [Double] = []
  }

  /// What ids must be below: the rows of the embedding, and a limit of our own.
  struct IdBound {
    let value: Int
    let reason: String

    /// Ids may leave gaps, but not so many that a table of them would be mostly air.
    private static let gapLimit = 1 << 16

    init(_ rows: Int?, tokens: Int) {
      let limit = tokens + Self.gapLimit
      let isByRows = rows.map { $0 <= limit } ?? false
      value = min(rows ?? limit, limit)
      reason = isByRows ? "the rows of the embedding" : "the limit for so many tokens"
    }
  }

  static func vocabulary(
    _ vocab: JSONField, isScored: Bool = false, limit: Int?
  ) throws(Refusal) -> VocabularyFields {
    if isScored { return try scoredVocabulary(vocab, limit: limit) }
    let members = try vocab.object().members
    guard !members.isEmpty else { throw vocab.refusal("an empty vocab", expected: "tokens") }
    let bound = IdBound(limit, tokens: members.count)
    var ids: [ByteKey: Int] = [:]
    ids.reserveCapacity(members.count)
    var texts: [Int: String] = [:]
    texts.reserveCapacity(members.count)
    for (text, value) in members {
      let field = JSONField(
        value, file: vocab.file, path: "\(vocab.path)[\(quoted(text))]", kind: vocab.kind)
      let id = try tokenId(field, below: bound)
      if let other = texts.updateValue(text, forKey: id) {
        throw field.refusal(
          "token id \(id) twice, also for \(quoted(other))", expected: "each id once")
      }
      ids[ByteKey(text)] = id
    }
    return VocabularyFields(ids: ids, texts: texts)
  }

  /// The vocabulary of a unigram model: a list of tokens with their scores.
  private static func scoredVocabulary(
    _ vocab: JSONField, limit: Int?
  ) throws(Refusal) -> VocabularyFields {
    let items = try vocab.items()
    guard !items.isEmpty else { throw vocab.refusal("an empty vocab", expected: "tokens") }
    guard items.count <= limit ?? .max else {
      throw vocab.refusal(
        "\(items.count) tokens", expected: "at most \(limit ?? 0), the rows of the embedding")
    }
    var fields = VocabularyFields(ids: [:], texts: [:])
    for (id, item) in items.enumerated() {
      let pair = try item.items()
      guard pair.count == 2 else {
        throw item.refusal(item.value.kindName, expected: "a token and its score")
      }
      let text = try pair[0].string()
      if let other = fields.ids.updateValue(id, forKey: ByteKey(text)) {
        throw item.refusal(
          "\(quoted(text)) twice, as \(other) and as \(id)", expected: "each token once")
      }
      fields.texts[id] = text
      fields.scores.append(try pair[1].double())
    }
    return fields
  }

  static func tokenId(_ field: JSONField, below bound: IdBound) throws(Refusal) -> Int {
    guard case .number(let number) = field.value, let id = number.int, id >= 0, id < bound.value
    else {
      throw field.refusal(
        "the id \(field.value.kindName)",
        expected: "a token id from 0 on and below \(bound.value), \(bound.reason)")
    }
    return id
  }

  static func addedTokens(
    _ list: JSONField?, vocab: VocabularyFields
  ) throws(Refusal) -> [AddedToken] {
    guard let list else { return [] }
    let items = try list.items()
    // Padding is often added without a row of the embedding; a text that uses it is refused.
    let bound = IdBound(nil, tokens: vocab.ids.count + items.count)
    var tokens: [AddedToken] = []
    var contents: [Int: String] = [:]
    for item in items {
      try item.refuseUnknownKeys(known: [
        "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special",
      ])
      let id = try tokenId(item["id"], below: bound)
      let content = try item["content"].string()
      guard content.utf8.count <= TokenizerPipeline.addedTokenLimit else {
        throw try item["content"].refusal(
          "a token of \(content.utf8.count) bytes",
          expected: "at most \(TokenizerPipeline.addedTokenLimit)")
      }
      if let known = vocab.ids[ByteKey(content)], known != id {
        throw try item["id"].refusal(
          "id \(id) for the added token \(quoted(content))",
          expected: "\(known), its id in the vocab")
      }
      if let other = contents.updateValue(content, forKey: id) ?? vocab.texts[id],
        ByteKey(other) != ByteKey(content)
      {
        throw try item["id"].refusal(
          "id \(id) for \(quoted(content)) and for \(quoted(other))", expected: "each id once")
      }
      let isSpecial = try flag("special", of: item, default: false)
      tokens.append(
        AddedToken(
          id: id, content: content, isSpecial: isSpecial,
          stripsLeft: try flag("lstrip", of: item, default: false),
          stripsRight: try flag("rstrip", of: item, default: false),
          isNormalized: try flag("normalized", of: item, default: !isSpecial),
          isSingleWord: try flag("single_word", of: item, default: false)))
    }
    return tokens
  }
}
