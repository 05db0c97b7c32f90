internal import Checkpoints
internal import Inputs
internal import Locks

/// Files of tensors that stay open, since every layer and every cell of a grid names them again.
package final class OpenedTensorFiles: Sendable {
  /// Each holds a descriptor.
  private let kept = KeptValues<String, any TensorContainer>(capacity: 64)

  package init() {}

  /// - Parameter open: What opens the file that is not open yet.
  func container(
    _ path: String, open: () throws(Refusal) -> any TensorContainer
  ) throws(Refusal) -> any TensorContainer {
    try kept.value(for: path, make: open)
  }

  func safetensors(_ path: String) throws(Refusal) -> any TensorContainer {
    try container(path) { () throws(Refusal) in try SafetensorsFile(path, kind: .job) }
  }
}
