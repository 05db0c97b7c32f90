internal import Autodiff
internal import Checkpoints
public import Foundation
public import Models
internal import Tensors

/// A small model with random weights, written as the files that its family is published in.
public struct TinyModel: Sendable {
  public enum Family: String, CaseIterable, Sendable {
    case gpt2, llama
  }

  public let family: Family
  public let shape: DecoderShape
  public let seed: UInt64

  /// - Parameter vocabulary: At least the tokens of the tokenizer that goes with it.
  public init(
    _ family: Family, layers: Int = 4, width: Int = 48, heads: Int = 4, vocabulary: Int = 512,
    seed: UInt64 = 1
  ) {
    self.family = family
    self.seed = seed
    shape =
      switch family {
      case .gpt2: .gpt2(layers: layers, width: width, heads: heads, vocabulary: vocabulary)
      case .llama:
        .llama(
          layers: layers, width: width, heads: heads, keyHeads: heads / 2, mlpWidth: 3 * width,
          vocabulary: vocabulary)
      }
  }

  /// Writes `config.json` and `model.safetensors`.
  public func write(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
    try weights.write(to: folder.appendingPathComponent("model.safetensors").path)
  }

  private var config: String {
    switch family {
    case .gpt2:
      """
      {"model_type": "gpt2", "n_embd": \(shape.width), "n_head": \(shape.heads),
       "n_layer": \(shape.layers), "n_positions": \(shape.positionCount),
       "vocab_size": \(shape.vocabulary), "layer_norm_epsilon": 1e-05,
       "activation_function": "gelu_new"}
      """
    case .llama:
      """
      {"model_type": "llama", "hidden_size": \(shape.width),
       "intermediate_size": \(shape.mlpWidth), "num_hidden_layers": \(shape.layers),
       "num_attention_heads": \(shape.heads), "num_key_value_heads": \(shape.keyHeads),
       "hidden_act": "silu", "rms_norm_eps": 1e-05, "vocab_size": \(shape.vocabulary),
       "max_position_embeddings": \(shape.positionCount), "rope_theta": 10000.0,
       "tie_word_embeddings": false}
      """
    }
  }

  private var weights: SafetensorsWriter {
    var random = SeededRandom(seed: seed)
    let family: Models.Family = family == .gpt2 ? .gpt2 : .llama
    let names = PublishedNames(family, prefix: family.modelType == "gpt2" ? "" : nil)
    let model = DecoderModel<Float>(shape, names: names) {
      .random($0, of: shape, using: &random)
    }
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    for (name, variable) in model.weights.pairs {
      writer.add(name, shape: variable.shape, variable.value.elements)
    }
    return writer
  }
}
