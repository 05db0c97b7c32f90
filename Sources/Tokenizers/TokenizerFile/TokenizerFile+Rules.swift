internal import Inputs

extension TokenizerFile {
  /// The merges and flags of a BPE model.
  static func rules(
    _ model: JSONField, vocab: VocabularyFields
  ) throws(Refusal) -> MergeRules {
    try model.refuseUnknownKeys(known: [
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
      "byte_fallback", "ignore_merges", "vocab", "merges",
    ])
    if let dropout = try model.optional("dropout"), try dropout.double() != 0 {
      throw dropout.refusal(dropout.value.kindName, expected: "null: dropout makes tokens random")
    }
    let field = try model["merges"]
    guard case .array(let merges) = field.value else {
      throw field.refusal(field.value.kindName, expected: "an array of merges")
    }
    var rules = MergeRules(ids: vocab.ids, mergeCount: merges.count)
    rules.continuation = Array(
      (try model.optional("continuing_subword_prefix")?.string() ?? "").utf8)
    for (rank, merge) in merges.enumerated() {
      func refusal(_ found: String, _ expected: String) -> Refusal {
        JSONField(merge, file: field.file, path: "\(field.path)[\(rank)]", kind: field.kind)
          .refusal(found, expected: expected)
      }
      guard let (left, right) = parts(of: merge) else {
        throw refusal(
          "the merge \(merge.kindName)", "two tokens, as \"a b\" or [\"a\", \"b\"]")
      }
      try rules.append(left, right, in: vocab.ids, refusal: refusal)
    }
    if let unknown = try model.optional("unk_token") {
      guard let id = vocab.ids[ByteKey(try unknown.string())] else {
        throw unknown.refusal(unknown.value.kindName, expected: "a token of the vocab")
      }
      rules.unknown = Int32(id)
    }
    rules.fusesUnknown = try flag("fuse_unk", of: model, default: false)
    rules.ignoresMerges = try flag("ignore_merges", of: model, default: false)
    if try flag("byte_fallback", of: model, default: false) { rules.fallBackToBytes(in: vocab.ids) }
    return rules
  }

  /// Whether merges know the places of characters in their word, which bytes by themselves do not.
  static func hasAffixes(_ model: JSONField) throws(Refusal) -> Bool {
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = try model.optional(name), try !affix.string().isEmpty { return true }
    }
    return false
  }

  /// The two tokens of a merge, in the older form `"a b"` or the newer `["a", "b"]`.
  private static func parts(of merge: JSON) -> (String, String)? {
    switch merge {
    case .string(let text):
      let bytes = text.utf8
      guard let space = bytes.firstIndex(of: 0x20) else { return nil }
      let (left, right) = (bytes[..<space], bytes[bytes.index(after: space)...])
      guard !left.isEmpty, !right.isEmpty, !right.contains(0x20) else { return nil }
      return (String(Substring(left)), String(Substring(right)))
    case .array(let items):
      guard items.count == 2, case .string(let left) = items[0], case .string(let right) = items[1]
      else { return nil }
      return (left, right)
    default: return nil
    }
  }
}
