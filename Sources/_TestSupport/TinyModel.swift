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

  /// A tensor of the file, of which several weights may be parts.
  private struct Stored {
    var shape: [Int]
    var values: [Float]
  }

  private var weights: SafetensorsWriter {
    var random = SeededRandom(seed: seed)
    var stored: [String: Stored] = [:]
    for weight in shape.weights {
      guard let size = shape.size(of: weight) else { continue }
      let place = place(of: weight)
      let values = Tensor<Float>.random(weight, of: shape, using: &random).elements
      put(values, size, place, into: &stored[place.name])
    }
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    for (name, tensor) in stored { writer.add(name, shape: tensor.shape, tensor.values) }
    return writer
  }

  private func place(of weight: DecoderWeight) -> PublishedWeight {
    switch family {
    case .gpt2: GPT2.published(weight, prefix: "")
    case .llama: Llama.published(weight, prefix: Llama.prefix)
    }
  }

  /// Puts a weight `[outputs, inputs]` into its part of the stored tensor.
  private func put(
    _ values: [Float], _ size: [Int], _ place: PublishedWeight, into stored: inout Stored?
  ) {
    let (outputs, inputs) = (size[0], size.count == 2 ? size[1] : 1)
    let all = outputs * place.part.of
    let isTransposed = place.order == .inputsByOutputs && size.count == 2
    let shape = isTransposed ? [inputs, all] : [all] + size.dropFirst()
    var tensor = stored ?? Stored(shape: shape, values: Array(repeating: 0, count: all * inputs))
    let first = place.part.index * outputs
    for output in 0..<outputs {
      for input in 0..<inputs {
        let at = isTransposed ? input * all + first + output : (first + output) * inputs + input
        tensor.values[at] = values[output * inputs + input]
      }
    }
    stored = tensor
  }
}
