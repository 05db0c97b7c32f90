internal import Inputs

extension NewArchitecture {
  static let llama = NewArchitecture(
    "llama", needs: [.layers, .width, .heads, .mlpWidth, .vocabulary, .positions],
    or: [.keyValueHeads: "heads", .activation: "silu"]
  ) { sizes in
    var rotary = JSONObject()
    _ = rotary.insert(.number(JSONNumber(text: "10000.0")), forKey: "rope_theta")
    _ = rotary.insert(.string("default"), forKey: "rope_type")
    return [
      ("architectures", .array([.string("LlamaForCausalLM")])), ("model_type", .string("llama")),
      ("num_hidden_layers", sizes.json(.layers)), ("hidden_size", sizes.json(.width)),
      ("num_attention_heads", sizes.json(.heads)),
      ("num_key_value_heads", sizes.json(.keyValueHeads, or: sizes[.heads])),
      ("intermediate_size", sizes.json(.mlpWidth)), ("vocab_size", sizes.json(.vocabulary)),
      ("max_position_embeddings", sizes.json(.positions)),
      ("hidden_act", .string(sizes.activation ?? "silu")),
      ("rms_norm_eps", .number(JSONNumber(text: "1e-06"))), ("rope_parameters", .object(rotary)),
      ("tie_word_embeddings", .bool(false)), ("attention_bias", .bool(false)),
      ("mlp_bias", .bool(false)), ("bos_token_id", .null), ("eos_token_id", .null),
    ]
  }
}
