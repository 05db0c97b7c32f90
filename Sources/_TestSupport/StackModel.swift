internal import Autodiff
public import Inputs
public import Models
public import Tensors

/// A small model of what is no single decoder of tokens, with seeded weights, and two batches of
/// unequal lengths to run it on.
public struct StackModel: Sendable, CustomTestStringConvertibleName {
  public let name: String
  /// The text of `config.json`.
  public let config: String

  public static let all: [StackModel] = [
    StackModel(
      name: "T5",
      config: """
        {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 12,
         "d_kv": 5, "d_ff": 10, "num_layers": 2, "num_decoder_layers": 3, "num_heads": 2,
         "relative_attention_num_buckets": 8, "relative_attention_max_distance": 9,
         "vocab_size": 11, "feed_forward_proj": "relu"}
        """),
    StackModel(
      name: "T5 1.1",
      config: """
        {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 8,
         "d_kv": 4, "d_ff": 6, "num_layers": 2, "num_heads": 2,
         "relative_attention_num_buckets": 4, "relative_attention_max_distance": 7,
         "vocab_size": 11, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false}
        """),
    StackModel(
      name: "Whisper",
      config: """
        {"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"],
         "d_model": 8, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
         "decoder_attention_heads": 4, "encoder_ffn_dim": 6, "decoder_ffn_dim": 10,
         "num_mel_bins": 3, "max_source_positions": 5, "max_target_positions": 9,
         "vocab_size": 11}
        """),
    StackModel(
      name: "ViT",
      config: """
        {"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 8,
         "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 10,
         "image_size": [6, 4], "patch_size": 2, "num_channels": 2, "num_labels": 4}
        """),
  ]

  public func field() throws -> JSONField {
    JSONField(
      try JSON.parse(Array(config.utf8), file: "config.json", kind: .job), file: "config.json",
      kind: .job)
  }

  /// With weights large enough to matter, biases among them.
  public func model(seed: UInt64 = 1) throws -> any TrainableModel<Float> {
    let new = try NewModel(field())
    let start = new.initialWeights(seed: seed)
    var random = SeededRandom(seed: seed)
    return new.model(
      start.replaced(
        with: start.all.map { weight in
          weight.value + Tensor.normal(weight.shape, using: &random).scaled(by: 0.3)
        }))
  }

  /// A batch of three examples.
  public func inputs<Scalar: Real>(seed: UInt64 = 1) -> ModelInputs<Scalar> {
    var random = SeededRandom(seed: seed)
    func tokens(_ lengths: [Int]) -> [[Int]] {
      lengths.map { (0..<$0).map { _ in Int(random.next() % 11) } }
    }
    func values(_ shape: [Int]) -> [Tensor<Scalar>] {
      (0..<3).map { _ in .normal(shape, using: &random) }
    }
    return switch name {
    case "ViT": .images(values([2, 6, 4]))
    case "Whisper": .pairs(.features(values([3, 10])), decoder: tokens([4, 6, 1]))
    default: .pairs(.tokens(tokens([5, 3, 7])), decoder: tokens([4, 6, 1]))
    }
  }
}
