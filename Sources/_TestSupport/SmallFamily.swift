internal import Autodiff
internal import Checkpoints
public import Foundation
internal import Inputs
internal import Models
internal import Tensors

/// A model of a family as small as it can be, with random weights: a configuration that transformers, or
/// of recurrent models, perceptrons and Backpacks pyvene, would write.
public struct SmallFamily: Sendable, CustomTestStringConvertibleName {
  /// A `model_type`, but for families that share one.
  public let name: String
  public let modelType: String
  /// The text of `config.json`.
  public let config: String

  /// Tokens that all of them have.
  public static let vocabulary = 40

  /// Every family that can be opened.
  public static let all: [SmallFamily] = stacks + pairs + others

  /// Transformers of one stack.
  public static let stacks: [SmallFamily] = [
    SmallFamily("gpt2", older, #""n_positions": 32"#),
    SmallFamily(
      "gpt_neo", sizes("hidden_size", "num_layers", "num_heads"),
      #""max_position_embeddings": 32, "window_size": 3, "attention_types": [[["global", "local"], 1]]"#
    ),
    SmallFamily("gpt_neox", usual, #""rotary_pct": 0.5"#),
    SmallFamily("gptj", older, #""n_positions": 32, "rotary_dim": 4"#),
    SmallFamily("llama", usual, grouped),
    SmallFamily("mistral", usual, grouped, #""sliding_window": 3"#),
    SmallFamily("mixtral", usual, grouped, #""num_local_experts": 3, "num_experts_per_tok": 2"#),
    SmallFamily("qwen2", usual, grouped),
    SmallFamily("qwen3", usual, grouped, #""head_dim": 8"#),
    SmallFamily(
      "qwen3_moe", usual, grouped,
      #""head_dim": 8, "num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 10"#),
    SmallFamily("gemma", usual, grouped, #""head_dim": 8"#),
    SmallFamily(
      "gemma2", usual, grouped, #""head_dim": 8, "sliding_window": 3, "query_pre_attn_scalar": 8"#),
    SmallFamily(
      "gemma3_text", usual, grouped,
      #""head_dim": 8, "sliding_window": 3, "query_pre_attn_scalar": 8"#),
    SmallFamily("olmo", usual, grouped, #""clip_qkv": 0.5"#),
    SmallFamily("olmo2", usual, grouped),
    SmallFamily("phi", usual, #""partial_rotary_factor": 0.5"#),
    SmallFamily("phi3", usual, grouped),
    SmallFamily("stablelm", usual, grouped, #""partial_rotary_factor": 0.5"#),
    SmallFamily("falcon", sizes("hidden_size", "num_hidden_layers", "num_attention_heads")),
    SmallFamily("bloom", sizes("hidden_size", "n_layer", "n_head")),
    SmallFamily(
      "opt", sizes("hidden_size", "num_hidden_layers", "num_attention_heads"),
      #""ffn_dim": 20, "max_position_embeddings": 32, "word_embed_proj_dim": 16"#),
    SmallFamily("smollm3", usual, grouped),
    SmallFamily("starcoder2", usual, grouped),
    SmallFamily(
      "gpt_oss", usual, grouped,
      #""head_dim": 8, "num_local_experts": 3, "num_experts_per_tok": 2, "sliding_window": 3"#),
    SmallFamily("bert", usual, #""architectures": ["BertForMaskedLM"]"#),
    SmallFamily("roberta", usual, #""architectures": ["RobertaForMaskedLM"], "pad_token_id": 1"#),
    SmallFamily(
      "distilbert", sizes("dim", "n_layers", "n_heads"),
      #""architectures": ["DistilBertForMaskedLM"], "hidden_dim": 20, "max_position_embeddings": 32"#
    ),
    SmallFamily(
      "esm", usual,
      #""architectures": ["EsmForMaskedLM"], "position_embedding_type": "rotary", "pad_token_id": 1, "mask_token_id": 32"#
    ),
    SmallFamily(
      name: "vit",
      config: """
        {"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 8,
         "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 10,
         "image_size": 4, "patch_size": 2, "num_channels": 2, "num_labels": 4}
        """),
  ]

  /// Encoder-decoders.
  public static let pairs: [SmallFamily] = [
    SmallFamily(
      name: "t5",
      config: """
        {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 12,
         "d_kv": 5, "d_ff": 10, "num_layers": 2, "num_heads": 2,
         "relative_attention_num_buckets": 8, "relative_attention_max_distance": 9,
         "vocab_size": \(vocabulary), "feed_forward_proj": "relu"}
        """),
    SmallFamily(
      name: "whisper",
      config: """
        {"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"],
         "d_model": 8, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
         "decoder_attention_heads": 4, "encoder_ffn_dim": 6, "decoder_ffn_dim": 10,
         "num_mel_bins": 3, "max_source_positions": 5, "max_target_positions": 9,
         "vocab_size": \(vocabulary)}
        """),
  ]

  /// Models that are no stacks of attention and nothing else.
  public static let others: [SmallFamily] = [
    SmallFamily(
      name: "gru",
      config: """
        {"model_type": "gru", "architectures": ["GRULMHeadModel"], "include_emb": true,
         "vocab_size": \(vocabulary), "max_position_embeddings": 16, "n_layer": 2, "h_dim": 8,
         "n_labels": 2, "include_bias": true, "pdrop": 0, "tie_word_embeddings": false}
        """),
    SmallFamily(
      name: "mlp",
      config: """
        {"model_type": "mlp", "architectures": ["MLPForClassification"], "include_emb": false,
         "n_layer": 2, "h_dim": 8, "activation_function": "relu", "pdrop": 0, "num_classes": 4,
         "include_bias": true, "squeeze_output": true}
        """),
    SmallFamily(
      name: "resnet",
      config: """
        {"model_type": "resnet", "architectures": ["ResNetForImageClassification"],
         "num_channels": 2, "embedding_size": 4, "hidden_sizes": [4, 6], "depths": [1, 1],
         "layer_type": "basic", "hidden_act": "relu", "num_labels": 4}
        """),
    SmallFamily(
      name: "backpack", modelType: "gpt2",
      config: """
        {"model_type": "gpt2", "architectures": ["BackpackGPT2LMHeadModel"], "n_embd": 8,
         "n_head": 2, "n_layer": 2, "n_positions": 16, "vocab_size": \(vocabulary),
         "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "num_senses": 2,
         "sense_intermediate_scale": 2}
        """),
  ]

  private init(name: String, modelType: String? = nil, config: String) {
    (self.name, self.modelType, self.config) = (name, modelType ?? name, config)
  }

  private init(_ modelType: String, _ parts: String...) {
    self.init(
      name: modelType,
      config: "{\((["\"model_type\": \"\(modelType)\""] + parts).joined(separator: ", "))}")
  }

  private static func sizes(_ width: String, _ layers: String, _ heads: String) -> String {
    #""\#(width)": 16, "\#(layers)": 2, "\#(heads)": 2, "vocab_size": \#(vocabulary)"#
  }
  private static let older = sizes("n_embd", "n_layer", "n_head")
  private static let usual =
    sizes("hidden_size", "num_hidden_layers", "num_attention_heads")
    + #", "intermediate_size": 20, "max_position_embeddings": 32"#
  private static let grouped = #""num_key_value_heads": 1"#

  private func field() throws -> JSONField {
    JSONField(
      try JSON.parse(Array(config.utf8), file: "config.json", kind: .job), file: "config.json",
      kind: .job)
  }

  /// What weights to write beside the configuration.
  private func weights() throws -> NamedWeights<Float> {
    switch name {
    case "resnet": return ResNetModel<Float>.random(try ResNetShape(try field())).weights
    case "backpack":
      let specs = try BackpackShape(try field()).weights
      var random = SeededRandom(seed: 5)
      return NamedWeights(
        specs.map { ($0.name, Variable(Tensor.normal($0.size, using: &random).scaled(by: 0.3))) })
    default: return try NewModel(try field()).initialWeights(seed: 5)
    }
  }

  /// Writes `config.json` and `model.safetensors`.
  public func write(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    for (name, variable) in try weights().pairs {
      writer.add(name, shape: variable.shape, variable.value.elements)
    }
    try writer.write(to: folder.appendingPathComponent("model.safetensors").path)
  }
}
