internal import Inputs

/// Checks the tensors of a pickle against the storages of its archive.
struct PyTorchViews {
  /// Dimensions that a tensor may have; the format sets no limit.
  static let rankLimit = 8
  /// Elements that a tensor may have where they are more than its storage's (an expanded one).
  static let expandedLimit = 1 << 24

  let archive: ZipArchive
  let file: BoundedFile

  /// The description of a state dict's value, and the archive's entry that it is a view of.
  func tensor(
    _ name: String, _ value: PickleValue
  ) throws(Refusal) -> (TensorDescription, ZipEntry) {
    func refusal(_ found: String, _ expected: String) -> Refusal {
      Refusal(file.kind, file: file.path, field: name, found: found, expected: expected)
    }
    guard case .tensor(let tensor) = value else {
      throw refusal(value.kindName, "a tensor: a state dict holds nothing else")
    }
    let (shape, storage) = (tensor.shape, tensor.storage)
    guard shape.count == tensor.strides.count, shape.count <= Self.rankLimit else {
      throw refusal(
        "\(shape.count) sizes and \(tensor.strides.count) strides",
        "as many of both, at most \(Self.rankLimit)")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw refusal("the shape \(shape)", "sizes from 0 on")
    }
    guard tensor.strides.allSatisfy({ $0 >= 0 }) else {
      throw refusal("the strides \(tensor.strides)", "strides from 0 on")
    }
    guard tensor.offset >= 0 else { throw refusal("the offset \(tensor.offset)", "one from 0 on") }
    guard let extent = Extent(shape: shape, elementType: storage.elementType) else {
      throw refusal(
        "the shape \(shape), too large: its bytes overflow 64 bits", "what a file holds")
    }

    let entry = try entry(of: storage, for: name)
    guard extent.count <= max(storage.count, Self.expandedLimit) else {
      throw refusal(
        "the shape \(shape) over \(storage.count) elements, too large",
        "at most \(Self.expandedLimit) elements that share their storage (the limit)")
    }
    let reach = Self.reach(tensor) ?? Int.max
    guard reach <= storage.count else {
      throw refusal(
        "the shape \(shape), strides \(tensor.strides) and offset \(tensor.offset), which reach past "
          + "the storage of \(storage.count) elements", "a view inside its storage")
    }
    return (
      TensorDescription(
        name: name, shape: shape, elementType: storage.elementType, extent: extent,
        file: file.path, offset: entry.offset + tensor.offset * storage.elementType.blockBytes,
        strides: Self.isRowMajor(tensor) ? nil : tensor.strides),
      entry
    )
  }

  /// The entry with a storage's bytes, which are as many as the pickle says.
  private func entry(of storage: PickleStorage, for name: String) throws(Refusal) -> ZipEntry {
    let place = "data/\(storage.key)"
    guard let entry = archive[place] else {
      throw Refusal(
        file.kind, file: file.path, field: name,
        found: "no entry \(quoted(archive.folder + place))",
        expected: "one with its elements")
    }
    let (byteCount, overflow) = storage.count.multipliedReportingOverflow(
      by: storage.elementType.blockBytes)
    guard !overflow, byteCount == entry.size else {
      throw Refusal(
        file.kind, file: file.path, field: name,
        found: "\(entry.size) bytes in \(quoted(entry.name))",
        expected: "the bytes of \(storage.count) elements of type \(storage.elementType.name)")
    }
    return entry
  }

  /// Elements of the storage up to and with the view's last; nil if they overflow 64 bits.
  private static func reach(_ tensor: PickleTensor) -> Int? {
    var reach = tensor.offset
    guard !tensor.shape.contains(0) else { return reach }
    for (size, stride) in zip(tensor.shape, tensor.strides) {
      let (step, isTooFar) = (size - 1).multipliedReportingOverflow(by: stride)
      let (next, overflow) = reach.addingReportingOverflow(step)
      guard !isTooFar, !overflow else { return nil }
      reach = next
    }
    let (end, overflow) = reach.addingReportingOverflow(1)
    return overflow ? nil : end
  }

  /// Whether neighbours in row-major order lie side by side.
  private static func isRowMajor(_ tensor: PickleTensor) -> Bool {
    guard !tensor.shape.contains(0) else { return true }
    var expected = 1
    for (size, stride) in zip(tensor.shape, tensor.strides).reversed() where size > 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}
