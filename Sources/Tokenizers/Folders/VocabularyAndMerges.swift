internal import Inputs

extension TokenizerPipeline {
  /// Reads `vocab.json` and `merges.txt`: GPT-2 as it was first published, and its kin.
  ///
  /// - Parameters:
  ///   - vocabulary: The tokens with their ids, an object of JSON.
  ///   - merges: A merge a line, the first of them best; a line that begins with `#version` is none.
  ///   - config: Says of what class the tokenizer is; GPT-2's without.
  init(
    vocabularyFile path: String, mergesFile: String, vocabularySize: Int?, config: TokenizerConfig
  ) throws(Refusal) {
    let bytes = try BoundedFile(path, kind: .model).jsonBytes(limit: 256 << 20)
    let root = JSONField(
      try JSON.parse(bytes, file: path, kind: .model, values: 4_000_000), file: path, kind: .model)
    let vocab = try TokenizerFile.vocabulary(root, limit: vocabularySize)
    let style = ByteLevelStyle(config)
    let text = try BoundedFile(mergesFile, kind: .model).readAll(limit: 256 << 20)
    let (lines, digest) = (try TextLines(text, file: mergesFile), Digest.of(bytes + text))
    var rules = MergeRules(ids: vocab.ids, mergeCount: lines.lines.count)
    for (number, line) in lines.lines where !line.isEmpty && !(number == 1 && line.hasPrefix("#v"))
    {
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      func refusal(_ found: String, _ expected: String) -> Refusal {
        Refusal(
          .model, file: mergesFile, field: "line \(number)", found: found, expected: expected)
      }
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw refusal(quoted(line), "two tokens with a space between")
      }
      try rules.append(String(parts[0]), String(parts[1]), in: vocab.ids, refusal: refusal)
    }
    func id(_ text: String) -> Int? { vocab.ids[ByteKey(text)] }
    var added = try config.specials(
      defaults: style.named, id: id, isTaken: { vocab.texts[$0] != nil })
    for place in added.indices where ByteKey(added[place].content) == ByteKey("<mask>") {
      added[place].stripsLeft = true
    }
    rules.unknown = (config.named["unk"] ?? style.named["unk"]).flatMap(id).map { Int32($0) }
    let decoder = Decoder(steps: [.byteLevel])
    let texts = TokenizerTexts(vocab, added, decoder, isByteLevel: true)
    var parts = Parts(
      vocabulary: texts.vocabulary,
      model: ByteMergeModel(rules: rules, vocabulary: texts.vocabulary), decoder: decoder,
      rows: vocabularySize, digest: digest, file: path)
    parts.added = added
    parts.normalizers = style.normalizers
    if config.addsPrefixSpace ?? false { parts.preTokenizers.append(.leadingSpace) }
    parts.preTokenizers.append(
      .split(try Pattern(style.pattern, file: path), .isolated, isInverted: false))
    func known(_ text: String) -> Int? {
      id(text) ?? added.first { ByteKey($0.content) == ByteKey(text) }?.id
    }
    if style.isFramed {
      let frame = [("cls", "<s>"), ("sep", "</s>")].map { known(config.named[$0] ?? $1) }
      parts.frame = SpecialFrame(
        before: frame[0].map { [$0] } ?? [], after: frame[1].map { [$0] } ?? [])
    } else {
      parts.frame = try config.frame(
        beginning: false, end: false, defaults: style.named, id: known)
    }
    if let note = style.note { parts.notes.append("\(escaped(config.file)): \(note)") }
    try self.init(parts)
  }
}

/// What the classes with a `vocab.json` and a `merges.txt` do besides merging.
private struct ByteLevelStyle {
  var pattern = PublishedPreTokenizer.gpt2Pattern
  var normalizers: [NormalizerStep] = []
  /// The tokens that the class names where its configuration does not.
  var named = ["bos": "<|endoftext|>", "eos": "<|endoftext|>", "unk": "<|endoftext|>"]
  /// Whether a text stands between `<s>` and `</s>`.
  var isFramed = false
  var note: String?

  init(_ config: TokenizerConfig) {
    if config.isOf("Roberta", "Bart", "Longformer", "LED", "Blenderbot", "Mvp") {
      isFramed = true
      named = [
        "bos": "<s>", "eos": "</s>", "sep": "</s>", "cls": "<s>", "unk": "<unk>", "pad": "<pad>",
        "mask": "<mask>",
      ]
    } else if config.isOf("Qwen2") {
      pattern = PublishedPreTokenizer.gpt4Pattern(digits: #"\p{N}"#)
      normalizers = [.unicode(.composed)]
    } else if let name = config.name,
      !config.isOf("GPT2", "CodeGen", "GPTNeoX", "PreTrained", "OPT")
    {
      note = "tokenizer_class \(quoted(name)) is read as GPT2Tokenizer"
    }
  }
}
