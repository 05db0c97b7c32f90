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

  /// Refuses files with tensors that the model has no use for: it would not be the one that they were
  /// saved from.
  func refuseLeftOver(where isKnown: (String) -> Bool) throws(Refusal) {
    let left = tensors.filter { !isKnown($0.key) }
    guard let first = left.min(by: { $0.key < $1.key })?.value else { return }
    let others = left.count == 1 ? "" : ", one of \(left.count)"
    throw Refusal(
      .model, file: first.file, field: first.name,
      found: "a tensor that the model has no use for\(others)",
      expected: "the weights of the model that its configuration describes, and no other")
  }
}
