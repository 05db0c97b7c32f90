internal import Inputs
internal import Tensors

extension Family {
  /// GPT-Neo: GPT-2 with windows in every other layer, scores that are not scaled, and separate
  /// projections without biases.
  ///
  /// Black et al., 2021, <https://doi.org/10.5281/zenodo.5297715>.
  static let gptNeo = Family("gpt_neo", names: .gptNeo) { config throws(Refusal) in
    let width = try config.int("hidden_size", default: 2048)
    let layers = try config.int("num_layers", default: 24, in: 1...10_000)
    let heads = try config.evenHeads("num_heads", width: width, default: 16)
    let window = try config.int("window_size", default: 256)
    let kinds = try config.gptNeoLayers(layers)
    let norm = NormShape.layer(epsilon: try config.epsilon("layer_norm_epsilon", default: 1e-5))
    let mlp = FeedForwardShape(
      width: try config.int("intermediate_size", default: 4 * width),
      .plain(try config.activation("activation_function", default: .geluTanh)), hasBias: true)
    var attention = AttentionShape(
      heads: heads.heads, headWidth: heads.width, scale: 1, biases: .output)
    let blocks = kinds.map { kind in
      attention.window = kind == "local" ? window : nil
      return BlockShape(norm: norm, attention: attention, mlp: mlp)
    }
    return DecoderShape(
      width: width, vocabulary: try config.int("vocab_size", default: 50_257),
      positionCount: try config.int("max_position_embeddings", default: 2048),
      front: DecoderShape.Front(hasPositions: true), blocks: blocks, finalNorm: norm,
      head: DecoderShape.Head(isTied: try config.isTied(default: true)))
  }
}

extension ConfigReader {
  /// The kind of each layer: `attention_layers`, or `attention_types` written out.
  fileprivate mutating func gptNeoLayers(_ count: Int) throws(Refusal) -> [String] {
    let known = ["global", "local"]
    let named = try names("attention_layers", count: count, among: known)
    guard case .json(let types) = try optional("attention_types") else {
      return named ?? (0..<count).map { known[$0 % 2] }
    }
    if let named { return named }
    var kinds: [String] = []
    for item in try types.items() {
      let parts = try item.items()
      guard parts.count == 2 else {
        throw item.refusal("\(parts.count) items", expected: "a list of kinds and a number")
      }
      let list = try parts[0].items().map { kind throws(Refusal) in try kind.string() }
      for _ in 0..<(try parts[1].int(in: 0...count)) { kinds += list }
    }
    guard kinds.count == count, kinds.allSatisfy(known.contains) else {
      throw types.refusal("\(kinds.count) layers", expected: "\(count), global or local")
    }
    return kinds
  }
}

extension ModuleNames {
  fileprivate static let gptNeo = ModuleNames(
    prefix: "transformer.", blocks: "h",
    stack: [
      .tokenEmbedding: "wte", .positionEmbedding: "wpe", .finalNorm: "ln_f", .head: "lm_head",
    ],
    block: [
      .attentionNorm: "ln_1", .query: "attn.attention.q_proj", .key: "attn.attention.k_proj",
      .value: "attn.attention.v_proj", .attentionOutput: "attn.attention.out_proj",
      .mlpNorm: "ln_2", .up: "mlp.c_fc", .down: "mlp.c_proj",
    ],
    buffers: [".attention.bias"],
    modules: ModuleTree(
      attention: ["attn", "attn.attention"], activation: "mlp.act",
      passing: [
        ("attn.attention.attn_dropout", .attentionWeight),
        ("attn.attention.resid_dropout", .attentionOutput), ("mlp.dropout", .mlpOutput),
      ], passingBefore: ["drop"]))
}
