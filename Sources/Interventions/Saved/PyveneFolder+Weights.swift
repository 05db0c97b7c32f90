internal import Autodiff
internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Models
internal import Tensors

extension PyveneFolder {
  /// The file of a folder that holds weights of the model itself, those that were trained.
  static let weightsName = "pytorch_model.bin"

  /// Writes the named weights beside the interventions, as pyvene does with `include_model`.
  static func write(
    _ weights: NamedWeights<Float>, only names: [String], to folder: String
  ) throws(Refusal) {
    var writer = PyTorchWriter()
    for name in names {
      guard let value = weights[name]?.value else { continue }
      writer.add(name, shape: value.shape, value.elements)
    }
    try writer.write(to: "\(folder)/\(weightsName)")
  }

  /// A model's weights with those that a folder holds in place of its own.
  static func read(
    _ folder: String, over weights: NamedWeights<Float>
  ) throws(Refusal) -> NamedWeights<Float> {
    let path = "\(folder)/\(weightsName)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw Refusal(
        .model, file: path, found: "no such file", expected: "weights, since include_model is true")
    }
    let file = try PyTorchFile(path)
    var values = weights.all.map(\.value)
    for (name, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) {
      guard let place = weights.names.firstIndex(of: name) else {
        let near = nearest(to: name, among: weights.names).map { " (\($0)?)" } ?? ""
        throw Refusal(
          .model, file: path, field: name, found: "a weight that the model does not have",
          expected: "a weight of the model\(near)")
      }
      guard tensor.shape == values[place].shape else {
        throw Refusal(
          .model, file: path, field: name, found: "shape \(tensor.shape)",
          expected: "\(values[place].shape)")
      }
      values[place] = Tensor(tensor.shape, try file.floats(name))
    }
    return weights.replaced(with: values)
  }
}
