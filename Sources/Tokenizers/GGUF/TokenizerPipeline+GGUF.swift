public import Inputs

extension TokenizerPipeline {
  /// Makes the byte-level tokenizer that the metadata of a GGUF file describes: its kind `gpt2`.
  ///
  /// - Parameters:
  ///   - tokens: `tokenizer.ggml.tokens`.
  ///   - merges: `tokenizer.ggml.merges`.
  ///   - tokenTypes: `tokenizer.ggml.token_type`: 1 plain, 2 unknown, 3 control, 4 added by the
  ///     user, 5 unused, 6 byte. Types 2, 3 and 4 are recognised in text.
  ///   - pre: `tokenizer.ggml.pre`; a file without it does not say how words are cut, which is noted.
  ///   - first: The token to begin with when special tokens are asked for, if the file adds one.
  ///   - last: The token to end with, likewise.
  ///   - file: The file's path, for refusals.
  ///   - vocabularySize: The rows of the model's embedding, which every token must have.
  public init(
    gguf tokens: [String], merges: [String], tokenTypes: [Int], pre: String?, first: Int? = nil,
    last: Int? = nil, file: String = "", vocabularySize: Int? = nil
  ) throws(Refusal) {
    let vocabulary = try GGUFVocabulary(
      tokens, types: tokenTypes, rows: vocabularySize, file: file)
    let frame = try vocabulary.frame(first: first, last: last)
    let published = try PublishedPreTokenizer(named: pre ?? "default", file: file)
    var rules = MergeRules(ids: vocabulary.ids, mergeCount: merges.count)
    rules.ignoresMerges = published.ignoresMerges
    for (rank, merge) in merges.enumerated() {
      let parts = merge.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw vocabulary.refusal(
          "merges", "\(quoted(merge)) for merge \(rank)", "two tokens with a space between")
      }
      try rules.append(String(parts[0]), String(parts[1]), in: vocabulary.ids) {
        vocabulary.refusal("merges[\(rank)]", $0, $1)
      }
    }
    let added = vocabulary.added
    let addedIds = Set(added.map(\.id))
    let texts = Vocabulary(
      tokens.enumerated().map { id, token in
        addedIds.contains(id)
          ? Array(token.utf8) : ByteAlphabet.bytes(of: token) ?? Array(token.utf8)
      }, special: Set(added.filter(\.isSpecial).map(\.id)), first: added.map(\.id))
    var parts = Parts(
      vocabulary: texts, model: ByteMergeModel(rules: rules, vocabulary: texts),
      decoder: Decoder(steps: [.byteLevel]), frame: frame,
      digest: GGUFVocabulary.digest(
        of: [[pre ?? "default"], tokens, merges, tokenTypes.map(String.init)]), file: file)
    parts.normalizers = published.composes ? [.unicode(.composed)] : []
    parts.added = added
    parts.preTokenizers = published.steps
    if pre == nil {
      parts.notes.append(
        "\(escaped(file)): no tokenizer.ggml.pre, so the file does not say how words are cut before "
          + "they are merged; llama.cpp's default is taken, which may be another than the model's. "
          + "A conversion by a newer convert_hf_to_gguf.py, or model.tokenizer = \"tokenizer.json\" "
          + "of the published model, settles it")
    }
    try self.init(parts)
  }
}
