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

  /// What the weights were saved from, for refusals; empty where the configuration does not say.
  private var ofSavedClasses: String {
    guard case .huggingFace(let config) = config,
      let items = try? config.optional("architectures")?.items(),
      let names = try? items.map({ quoted(try $0.string()) }), !names.isEmpty
    else { return "" }
    return ", of weights saved from \(names.joined(separator: " and "))"
  }

  /// Whether two tensors hold the same values. Reads both, unless they are one.
  func isSame(_ first: String, _ second: String) throws(Refusal) -> Bool {
    let (a, b) = (try tensor(first), try tensor(second))
    guard a.shape == b.shape else { return false }
    guard a.elementType == b.elementType, a.strides == nil, b.strides == nil else {
      if a.file == b.file, a.offset == b.offset, a.strides == b.strides,
        a.elementType == b.elementType
      {
        return true
      }
      return try floats(first) == floats(second)
    }
    if a.file == b.file, a.offset == b.offset { return true }
    for start in stride(from: 0, to: a.byteCount, by: 1 << 20) {
      let count = min(1 << 20, a.byteCount - start)
      let own = try file(of: a).bytes(at: a.offset + start, count: count)
      guard try file(of: b).bytes(at: b.offset + start, count: count) == own else { return false }
    }
    return true
  }

  /// Whether a head is stored beside the embedding that it is said to be, and differs from it.
  ///
  /// transformers 5 then takes the stored one; earlier releases took the embedding.
  func hasOwnHead(_ names: PublishedNames, _ shape: DecoderShape) throws(Refusal) -> String? {
    guard shape.head.isTied, shape.head.hasMatrix, case .huggingFace = config else { return nil }
    let (head, embedding) = (
      names.modules.stored(names.place(of: .head, shape).name, in: self),
      names.modules.stored(names.place(of: .tokenEmbedding, shape).name, in: self)
    )
    guard tensors[head] != nil, tensors[embedding] != nil, try !isSame(head, embedding) else {
      return nil
    }
    return "\(head) is the head, as transformers 5 takes it: it differs from \(embedding), though "
      + "by tie_word_embeddings they are one"
  }

  /// Refuses files with tensors that the model has no use for: it would not be the one that they were
  /// saved from.
  func refuseLeftOver(where isKnown: (String) -> Bool) throws(Refusal) {
    let left = tensors.filter { !isKnown($0.key) }
    guard let first = left.min(by: { $0.key < $1.key })?.value else { return }
    let others = left.count == 1 ? "" : ", one of \(left.count)"
    throw Refusal(
      .model, file: first.file, field: first.name,
      found: "a tensor that the model has no use for\(others)\(ofSavedClasses)",
      expected: "the weights of the model that its configuration describes, and no other")
  }
}
