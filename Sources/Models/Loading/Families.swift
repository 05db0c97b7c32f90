extension Family {
  /// The families of one stack that can be read.
  public static let all: [Family] = [
    gpt2, gptNeo, gptNeoX, gptJ, llama, mistral, mixtral, qwen2, qwen3, qwen3MoE, gemma, gemma2,
    gemma3, olmo, olmo2, phi, phi3, stableLM, falcon, bloom, opt, smolLM3, starCoder2, gptOSS, bert,
    roberta,
    distilBERT, esm, vit,
  ]

  /// The known `model_type`s and architectures, for refusals.
  static var known: String { "one of " + all.map(\.modelType).joined(separator: ", ") }
  static var knownInGGUF: String {
    "one of " + all.compactMap { $0.gguf?.architecture }.joined(separator: ", ")
  }

  /// The family of a `model_type`.
  static func named(_ modelType: String) -> Family? {
    all.first { $0.modelType == modelType }
  }

  /// The family of a GGUF file's `general.architecture`.
  static func inGGUF(_ architecture: String) -> Family? {
    all.first { $0.gguf?.architecture == architecture }
  }
}
