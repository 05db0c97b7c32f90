internal import Checkpoints
internal import Inputs

extension Checkpoint {
  /// Refuses a model whose files lack a weight, or have it of another shape or of integers.
  ///
  /// - Parameter note: Where the size comes from, if that helps; added in parentheses.
  func check(_ name: String, size: [Int], note: String = "") throws(Refusal) {
    let tensor = try tensor(name)
    guard tensor.shape == size else {
      throw Refusal(
        .model, file: tensor.file, field: tensor.name, found: "shape \(tensor.shape)",
        expected: "shape \(size)" + (note.isEmpty ? "" : " (\(note))"))
    }
    guard tensor.elementType.isFloatingPoint else {
      throw Refusal(
        .model, file: tensor.file, field: tensor.name, found: "elements of \(tensor.elementType)",
        expected: "floating-point or quantised weights")
    }
  }
}
