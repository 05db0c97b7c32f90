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
    if values.tensors["input.pixel_values"] != nil {
      let shape = try values.tensor("input.pixel_values").shape
      let all = Tensor(shape, try values.floats("input.pixel_values"))
      return .images(
        (0..<shape[0]).map { all.rows($0..<$0 + 1).reshaped(Array(shape.dropFirst())) })
    }
    guard values.tensors["input.input_ids"] != nil else { return try embeddings("input") }
    let shape = try values.tensor("input.input_ids").shape
    let ids = try values.integers("input.input_ids")
    return .tokens((0..<shape[0]).map { Array(ids[$0 * shape[1]..<($0 + 1) * shape[1]]) })
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
