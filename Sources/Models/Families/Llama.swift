internal import Checkpoints
internal import Inputs
internal import Tensors

extension Family {
  /// Llama 1 to 3: pre-norm, rotary positions, grouped-query attention, gated MLP.
  ///
  /// Touvron et al., 2023, <https://arxiv.org/abs/2307.09288>;
  /// Grattafiori et al., 2024, <https://arxiv.org/abs/2407.21783>.
  public static let llama = Family(
    "llama", names: .llama,
    gguf: InGGUF("llama", names: ModuleNames.ggufExperts, isInterleaved: true)
  ) { config throws(Refusal) in
    try config.require("rope_interleaved", false, because: "rotary halves")
    var shape = try config.llamaShape()
    // In GGUF Mixtral is a Llama with experts.
    if config.gguf != nil, let count = try config.optional("num_local_experts") {
      let count = try count.int(in: 0...1 << 16)
      let used = try config.int("num_experts_per_tok", in: 0...count)
      for layer in shape.blocks.indices where count > 0 {
        shape.blocks[layer].mlp.experts = .init(count: count, used: used, isNormalised: true)
      }
    }
    return shape
  }
}

extension ModuleNames {
  /// The names that most families after Llama use.
  static let llama = ModuleNames(
    prefix: "model.", blocks: "layers",
    stack: [.tokenEmbedding: "embed_tokens", .finalNorm: "norm", .head: "lm_head"],
    block: [
      .attentionNorm: "input_layernorm", .query: "self_attn.q_proj", .key: "self_attn.k_proj",
      .value: "self_attn.v_proj", .attentionOutput: "self_attn.o_proj",
      .mlpNorm: "post_attention_layernorm", .gate: "mlp.gate_proj", .up: "mlp.up_proj",
      .down: "mlp.down_proj", .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
    ],
    modules: ModuleTree(attention: ["self_attn"], activation: "mlp.act_fn"))
}

extension ConfigReader {
  /// The defaults that transformers' configuration class of a family has, where they differ from
  /// Llama's.
  struct LlamaDefaults {
    var width = 4096, mlpWidth = 11008, layers = 32, heads = 32
    var keyHeads: Int?
    var headWidth: Int?
    var vocabulary = 32_000, positions = 2048
    var epsilon: Float = 1e-6
    var activation = Activation.silu
    var theta = 10_000.0
    var isTied = false
    var biases: AttentionShape.Biases = []
    var part = 1.0
    var originalPositions: Int?
    var yarn: (factor: Float, original: Int)?
  }

  /// The shape of a family that is built like Llama, before what is its own is changed.
  ///
  /// - Parameter own: The norm, where it is not Llama's.
  mutating func llamaShape(
    _ usual: LlamaDefaults = LlamaDefaults(), norm own: NormShape? = nil
  ) throws(Refusal) -> DecoderShape {
    let isGGUF = gguf != nil
    func or<Value>(_ value: Value) -> Value? { isGGUF ? nil : value }
    let width = try int("hidden_size", default: or(usual.width))
    let layers = try int("num_hidden_layers", default: or(usual.layers), in: 1...10_000)
    var attention = try llamaAttention(width: width, usual)
    attention.rotary = try rotary(
      width: attention.headWidth,
      RotaryDefaults(
        theta: usual.theta, part: usual.part, context: usual.positions,
        original: usual.originalPositions, yarn: usual.yarn))
    let norm: NormShape
    if let own {
      norm = own
    } else {
      norm = .rms(epsilon: try epsilon("rms_norm_eps", default: or(usual.epsilon)))
    }
    let mlp = FeedForwardShape(
      width: try int("intermediate_size", default: or(usual.mlpWidth)),
      .gated(try activation("hidden_act", default: usual.activation)),
      hasBias: try bool("mlp_bias", default: has("blk.0.ffn_up.bias") ?? false))
    return DecoderShape(
      width: width, vocabulary: try vocabulary(default: usual.vocabulary),
      positionCount: try int("max_position_embeddings", default: or(usual.positions)),
      blocks: Array(
        repeating: BlockShape(norm: norm, attention: attention, mlp: mlp), count: layers),
      finalNorm: norm, head: DecoderShape.Head(isTied: try isTied(default: usual.isTied)))
  }

  private mutating func llamaAttention(
    width: Int, _ usual: LlamaDefaults
  ) throws(Refusal) -> AttentionShape {
    let heads = try int("num_attention_heads", default: gguf == nil ? usual.heads : nil)
    // A null stands for as many as there are queries' heads, whatever the class's default is.
    let isNull = try isNull("num_key_value_heads")
    let keyHeads = try int(
      "num_key_value_heads", default: (isNull ? nil : usual.keyHeads) ?? heads)
    let headWidth: Int
    if let own = try optional("head_dim") {
      headWidth = try own.int(in: 1...1 << 20)
    } else if let own = usual.headWidth, gguf == nil {
      headWidth = own
    } else {
      guard width % heads == 0 else {
        throw try required("num_attention_heads").refusal(
          "hidden_size \(width), no multiple of num_attention_heads \(heads)",
          expected: "a multiple, or head_dim")
      }
      headWidth = width / heads
    }
    guard heads % keyHeads == 0 else {
      throw try required("num_key_value_heads").refusal(
        "num_key_value_heads \(keyHeads) for num_attention_heads \(heads)",
        expected: "a divisor of num_attention_heads")
    }
    if let gguf, let own = gguf.metadata.optional("\(gguf.architecture).attention.value_length"),
      try own.int() != headWidth
    {
      throw own.refusal("\(try own.int())", expected: "\(headWidth), as for keys")
    }
    var attention = AttentionShape(heads: heads, keyHeads: keyHeads, headWidth: headWidth)
    attention.biases = usual.biases
    if let isBiased = try optional("attention_bias")?.bool() {
      attention.biases = isBiased ? .all : []
    }
    if let hasBias = has("blk.0.attn_q.bias") {
      attention.biases = hasBias ? .input : []
      if has("blk.0.attn_output.bias") ?? false { attention.biases.insert(.output) }
    }
    return attention
  }
}
