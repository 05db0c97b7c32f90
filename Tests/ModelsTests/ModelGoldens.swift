import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
public import Testing
public import _TestSupport

/// The recorded models that tests compare with: those of the repository, and more of the same where
/// the shared material is present.
enum ModelGoldens {
  static let fixtures = Bundle.module.url(forResource: "Fixtures", withExtension: nil)

  /// The models of these names, from the repository and from the shared material.
  ///
  /// The repository's have fewer layers' sites and fewer gradients recorded.
  static func named(_ names: [String]) -> [GoldenModel] {
    let shared = SharedMaterial.root?.appendingPathComponent("goldens/models")
    return [fixtures, shared].compactMap(\.self).flatMap { root in
      names.compactMap { GoldenModel($0, in: root) }
    }
  }
}

extension GoldenModel: CustomTestStringConvertible {
  /// The model's name, and which of its recordings this is.
  public var testDescription: String {
    folder.path.contains("goldens/models") ? "\(name), shared" : "\(name), fixture"
  }

  func opened() throws -> OpenedModel { try OpenedModel(folder.path) }

  /// The gradients of the loss, by published name.
  func gradients() throws -> SafetensorsFile {
    try SafetensorsFile(folder.appendingPathComponent("grads.safetensors").path)
  }

  /// What the recorded sites and logits are of; all examples are as long.
  func inputs() throws -> ModelInputs<Float> {
    let values = try values()
    func rows(_ name: String) throws -> [[Int]] {
      let shape = try values.tensor("input.\(name)").shape
      let all = try values.integers("input.\(name)")
      return (0..<shape[0]).map { Array(all[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }
    func parts(_ name: String) throws -> [Tensor<Float>] {
      let whole = Tensor(
        try values.tensor("input.\(name)").shape, try values.floats("input.\(name)"))
      return (0..<whole.shape[0]).map {
        whole.rows($0..<$0 + 1).reshaped(Array(whole.shape.dropFirst()))
      }
    }
    if values.tensors["input.pixel_values"] != nil { return .images(try parts("pixel_values")) }
    if values.tensors["input.input_features"] != nil {
      return .pairs(
        .features(try parts("input_features")), decoder: try rows("decoder_input_ids"))
    }
    guard values.tensors["input.input_ids"] != nil else { return try embeddings("input") }
    var inputs = ModelInputs<Float>.tokens(try rows("input_ids"))
    if values.tensors["input.token_type_ids"] != nil {
      inputs = .segments(try rows("input_ids"), kinds: try rows("token_type_ids"))
    }
    if values.tensors["input.attention_mask"] != nil {
      inputs = try inputs.cut(by: try rows("attention_mask"))
    }
    guard values.tensors["input.decoder_input_ids"] != nil else { return inputs }
    return .pairs(inputs, decoder: try rows("decoder_input_ids"))
  }

  /// The tensor `NAME.inputs_embeds`, example by example.
  func embeddings(_ name: String) throws -> ModelInputs<Float> {
    let values = try values()
    let shape = try values.tensor("\(name).inputs_embeds").shape
    let all = Tensor(
      [shape[0] * shape[1], shape[2]], try values.floats("\(name).inputs_embeds"))
    return .embeddings((0..<shape[0]).map { all.rows($0 * shape[1]..<($0 + 1) * shape[1]) })
  }

  /// The model as the recording ran it: the recurrent ones were given position ids.
  func model() throws -> any TrainableModel<Float> {
    let model = try opened().load()
    guard var gru = model as? GRUModel<Float> else { return model }
    gru.addsPositions = true
    return gru
  }

  /// Fails where `found` is further from the recorded tensor than the recording allows.
  func expect(
    _ found: [Float], _ name: String, in file: SafetensorsFile,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let wrong = try tolerance().disagreement(found, try file.floats(name))
    #expect(wrong == nil, "\(name) \(wrong ?? "")", sourceLocation: sourceLocation)
  }
}
