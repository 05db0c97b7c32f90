import Checkpoints
import Foundation
import Inputs
import Models

/// A model folder that a test writes, fields and tensors as it likes; removed with its last
/// reference.
final class ModelFolder: Sendable {
  private let path: String

  /// - Parameters:
  ///   - config: The text of `config.json`.
  ///   - tensors: Names and shapes; every element is a small number.
  ///   - integers: Names of those tensors that hold integers.
  init(
    config: String, tensors: [(name: String, shape: [Int])], integers: Set<String> = []
  ) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
    try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
    var writer = SafetensorsWriter()
    for (name, shape) in tensors {
      let count = shape.reduce(1, *)
      if integers.contains(name) {
        writer.add(name, shape: shape, Array(repeating: 1, count: count))
      } else {
        writer.add(name, shape: shape, (0..<count).map { Float($0 % 7) / 16 - 0.1 })
      }
    }
    try writer.write(to: "\(path)/model.safetensors")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The folder's model, whose files are open from then on.
  func opened() throws -> OpenedModel {
    try withExtendedLifetime(self) { try OpenedModel(path) }
  }
}

/// What stands in a folder of a small recurrent model, for a test to damage.
struct GRUFolder {
  var fields = [
    "\"model_type\": \"gru\"", "\"architectures\": [\"GRUForClassification\"]",
    "\"include_emb\": true", "\"vocab_size\": 5", "\"max_position_embeddings\": 6",
    "\"n_layer\": 2", "\"h_dim\": 3", "\"include_bias\": true", "\"n_labels\": 4",
  ]
  var tensors = GRUShape.tiny(.classifier(classes: 4)).weights.map { ($0.name, $0.size) }
  var integers: Set<String> = []

  /// The same with a field written otherwise; nil leaves it out.
  func with(_ name: String, _ text: String?) -> GRUFolder {
    var folder = self
    folder.fields.removeAll { $0.hasPrefix("\"\(name)\"") }
    if let text { folder.fields.append("\"\(name)\": \(text)") }
    return folder
  }

  /// The same with a tensor of another shape; nil leaves it out.
  func tensor(_ name: String, _ shape: [Int]?) -> GRUFolder {
    var folder = self
    folder.tensors.removeAll { $0.0 == name }
    if let shape { folder.tensors.append((name, shape)) }
    return folder
  }

  func written() throws -> ModelFolder {
    try ModelFolder(
      config: "{\(fields.joined(separator: ", "))}", tensors: tensors, integers: integers)
  }
}
