public import Checkpoints
public import Inputs
internal import Tensors

/// A family of decoders: how its configuration is read and where its weights stand.
///
/// A new family is a new file that conforms, and a line in `PublishedModel.architectures`.
public protocol Architecture: Sendable {
  /// The `model_type` of its `config.json`, and `general.architecture` of its GGUF files.
  static var modelType: String { get }

  /// The shape that a `config.json` describes.
  ///
  /// - Throws: A refusal of a missing, wrong or unknown field.
  static func shape(_ config: JSONField) throws(Refusal) -> DecoderShape

  /// The shape that a GGUF file's metadata and tensors describe, or a refusal.
  static func shape(_ checkpoint: Checkpoint, _ metadata: GGUFMetadata) throws(Refusal)
    -> DecoderShape

  /// Where a weight stands in a Hugging Face folder whose tensor names begin with `prefix`.
  static func published(_ weight: DecoderWeight, prefix: String) -> PublishedWeight

  /// Where a weight stands in a GGUF file.
  static func publishedInGGUF(_ weight: DecoderWeight, _ shape: DecoderShape) -> PublishedWeight

  /// What the names of all tensors but the head begin with in files saved with a head.
  static var prefix: String { get }

  /// Whether a tensor may stand in the file without being a weight (buffers of old versions).
  static func isBuffer(_ name: String) -> Bool
}

extension Architecture {
  static func activation(_ field: JSONField) throws(Refusal) -> Activation {
    try mlpActivation(field)
  }

  static func positive(_ config: JSONField, _ key: String, most: Int = 1 << 24) throws(Refusal)
    -> Int
  {
    try config[key].int(in: 1...most)
  }

  static func epsilon(_ field: JSONField) throws(Refusal) -> Float {
    try epsilon(field.double(), field.refusal)
  }

  /// The same, from a GGUF file.
  static func epsilon(_ field: GGUFField) throws(Refusal) -> Float {
    try epsilon(field.double(), field.refusal)
  }

  private static func epsilon(
    _ value: Double, _ refusal: (String, String) -> Refusal
  ) throws(Refusal) -> Float {
    let epsilon = Float(value)
    guard epsilon > 0, epsilon < 1 else {
      throw refusal("\(value)", "a number above 0 and below 1")
    }
    return epsilon
  }
}

/// The nonlinearity that a field of `config.json` names as transformers does.
func mlpActivation(_ field: JSONField) throws(Refusal) -> Activation {
  switch try field.string() {
  case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .geluTanh
  case "gelu": return .geluErf
  case "relu": return .relu
  case "silu", "swish": return .silu
  case let other:
    throw field.refusal(
      "the activation \(quoted(other))",
      expected: "gelu_new, gelu_pytorch_tanh, gelu_fast, gelu, relu, silu or swish")
  }
}

/// Fields of `config.json` that every family may carry and that leave the forward pass as it is.
let inertKeys: Set<String> = [
  "_name_or_path", "_attn_implementation_autoset", "architectures", "auto_map", "torch_dtype",
  "dtype", "transformers_version", "use_cache", "model_type", "initializer_range",
  "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "unk_token_id",
  "decoder_start_token_id", "task_specific_params", "finetuning_task", "id2label", "label2id",
  "num_labels", "problem_type", "output_attentions", "output_hidden_states", "return_dict",
  "torchscript", "use_bfloat16", "chunk_size_feed_forward", "is_decoder", "is_encoder_decoder",
  "pruned_heads", "tokenizer_class", "prefix", "max_length", "min_length", "do_sample",
  "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature", "top_k",
  "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
  "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
  "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id",
  "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
  "begin_suppress_tokens", "tf_legacy_loss", "transformers.js_config", "is_llama_config",
]
