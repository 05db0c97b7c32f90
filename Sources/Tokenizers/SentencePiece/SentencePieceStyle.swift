internal import Inputs

/// What the classes of `transformers` do around a SentencePiece model.
struct SentencePieceStyle {
  var addsBeginning: Bool
  var addsEnd: Bool
  /// Whether a blank goes in front, where the class decides that and not the file.
  var addsPrefix: Bool?
  /// The tokens that the class names where its configuration does not.
  var named: [String: String] = [:]
  /// Whether every stretch between special tokens has the blank in front, and not only the first.
  var isLegacy = true
  /// Sentinels behind the pieces: `<extra_id_0>` is the last of them.
  private var sentinels = 0

  /// - Parameter config: The folder's; nil for a file by itself, which begins with a beginning where
  ///   its pieces are merged, as Llama's do.
  init(_ config: TokenizerConfig?, _ model: SentencePieceModel) throws(Refusal) {
    let isT5 = config?.isOf("T5") ?? false
    let isMerged = model.algorithm == .merges
    addsBeginning = config?.addsBeginning ?? (isMerged && !isT5)
    addsEnd = config?.addsEnd ?? !isMerged
    guard let config else { return }
    named = ["unk": "<unk>", "bos": "<s>", "eos": "</s>", "pad": "<pad>"]
    if config.isOf("Gemma") { named.merge(["bos": "<bos>", "eos": "<eos>"]) { $1 } }
    if isT5 { sentinels = config.additional.isEmpty ? 100 : 0 }
    addsPrefix = config.addsPrefixSpace
    if config.isOf(
      "XLMRoberta", "Camembert", "MBart", "MBart50", "DebertaV2", "XLNet", "Albert", "Pegasus",
      "BigBird", "Nllb", "M2M100", "Marian", "FNet", "RemBert")
    {
      throw Refusal(
        .model, file: config.file, field: "tokenizer_class", found: quoted(config.name ?? ""),
        expected: "a class that takes the pieces as the model numbers them; this one is read as a "
          + "tokenizer.json, which transformers writes with save_pretrained")
    }
    isLegacy = config.isLegacy ?? true
  }

  /// The tokens that the class adds behind the pieces.
  func extra(_ count: Int, _ known: [AddedToken]) -> [AddedToken] {
    guard known.allSatisfy({ $0.id < count }) else { return [] }
    return (0..<sentinels).map { number in
      AddedToken(
        id: count + sentinels - 1 - number, content: "<extra_id_\(number)>", isSpecial: true)
    }
  }
}
