internal import Checkpoints
internal import Inputs

extension ConfigReader {
  /// Whether a GGUF file has a tensor; nil where the configuration is no GGUF file.
  func has(_ tensor: String) -> Bool? { gguf.map { $0.checkpoint.tensors[tensor] != nil } }

  /// Whether the output head is the token embedding; a GGUF file says so by what it holds.
  mutating func isTied(default usual: Bool) throws(Refusal) -> Bool {
    if let has = has("output.weight") { return !has }
    return try bool("tie_word_embeddings", default: usual)
  }

  /// The vocabulary; of a GGUF file the embedding's rows, which the tokenizer must agree with.
  mutating func vocabulary(default usual: Int) throws(Refusal) -> Int {
    guard let (checkpoint, metadata, _) = gguf else {
      return try int("vocab_size", default: usual)
    }
    let embedding = try checkpoint.tensor("token_embd.weight")
    guard embedding.shape.count == 2, let rows = embedding.shape.first, rows > 0 else {
      throw Refusal(
        .model, file: metadata.file, field: embedding.name, found: "shape \(embedding.shape)",
        expected: "[vocabulary, width]")
    }
    if let tokens = metadata.optional("tokenizer.ggml.tokens") {
      let count = try tokens.count()
      guard count == rows else {
        throw tokens.refusal(
          "\(count) tokens for token_embd.weight of \(rows) rows", expected: "\(rows) tokens")
      }
    }
    for name in ["bos", "eos", "padding", "unknown"] {
      if let id = metadata.optional("tokenizer.ggml.\(name)_token_id") {
        _ = try id.int(in: 0...rows - 1)
      }
    }
    return rows
  }

  /// A head's width where heads share the stream's width evenly.
  mutating func evenHeads(
    _ key: String, width: Int, default usual: Int
  ) throws(Refusal) -> (heads: Int, width: Int) {
    let heads = try int(key, default: gguf == nil ? usual : nil)
    guard width % heads == 0 else {
      throw try required(key).refusal(
        "\(heads) heads for a width of \(width)",
        expected: "a divisor of \(asked(among: ["n_embd", "hidden_size", "dim"])) \(width)")
    }
    return (heads, width / heads)
  }

  /// For each layer whether its attention sees a window only, by `layer_types`.
  mutating func windowed(_ layers: Int) throws(Refusal) -> [Bool]? {
    try names(
      "layer_types", count: layers, among: ["full_attention", "sliding_attention"]
    )?.map { $0 == "sliding_attention" }
  }
}
