internal import Inputs

extension NewArchitecture {
  static let gpt2 = NewArchitecture(
    "gpt2", needs: [.layers, .width, .heads, .vocabulary, .positions],
    or: [.mlpWidth: "four times the width", .activation: "gelu_new"]
  ) { sizes in
    let zero = JSON.number(JSONNumber(text: "0"))
    return [
      ("architectures", .array([.string("GPT2LMHeadModel")])), ("model_type", .string("gpt2")),
      ("n_layer", sizes.json(.layers)), ("n_embd", sizes.json(.width)),
      ("n_head", sizes.json(.heads)), ("n_inner", sizes.json(.mlpWidth) ?? .null),
      ("vocab_size", sizes.json(.vocabulary)), ("n_positions", sizes.json(.positions)),
      ("activation_function", .string(sizes.activation ?? "gelu_new")),
      ("layer_norm_epsilon", .number(JSONNumber(text: "1e-05"))),
      ("tie_word_embeddings", .bool(true)), ("attn_pdrop", zero), ("embd_pdrop", zero),
      ("resid_pdrop", zero), ("bos_token_id", .null), ("eos_token_id", .null),
    ]
  }
}
