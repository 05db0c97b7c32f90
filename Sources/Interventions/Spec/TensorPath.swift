internal import Checkpoints
internal import Inputs
internal import Tensors

/// A file of tensors as a specification names it, `"mean.npy"`, with what is wanted of several behind
/// a colon: `"directions.safetensors:truth"`, or a number, `"activations.bin:3"`, which is one of a list
/// of tensors or a row of the only one's first axis, from the end if it is below 0.
struct TensorPath {
  /// By the ends of file names.
  enum Format: String, CaseIterable {
    case npy, npz, pt, pth, bin, safetensors
  }

  let path: String
  let format: Format
  /// The name or number that was asked for.
  let item: String?

  /// Nil of a text that names no such file.
  init?(_ text: String) {
    for format in Format.allCases {
      let end = ".\(format.rawValue)"
      if text.hasSuffix(end) {
        (path, item) = (text, nil)
      } else if let found = text.firstRange(of: end + ":") {
        path = text[..<found.lowerBound] + end
        item = String(text[found.upperBound...])
      } else {
        continue
      }
      self.format = format
      return
    }
    return nil
  }

  /// The names that files of tensors have, for refusals.
  static let words =
    "FILE.npy, .pt, .bin or .safetensors, with :NAME or :NUMBER where it holds several"

  /// The tensor's container, open, and its name there, with the row that is wanted of its first axis.
  ///
  /// - Parameters:
  ///   - path: Where the file is.
  ///   - files: What keeps it open.
  ///   - field: Where it is named.
  func found(
    at path: String, in files: OpenedTensorFiles, for field: JSONField
  ) throws(Refusal) -> (container: any TensorContainer, name: String, row: Int?) {
    let container = try files.container(path) { () throws(Refusal) in try opened(path, field) }
    let names = container.tensors.keys.sorted()
    guard let item else {
      guard names.count == 1 else {
        throw field.refusal(
          "\(escaped(path)), which holds \(names.count) tensors",
          expected: "\(quoted("\(self.path):NAME")), NAME one of "
            + names.prefix(20).map(escaped).joined(separator: ", "))
      }
      return (container, names[0], nil)
    }
    if names.contains(item) { return (container, item, nil) }
    guard let number = Int(item) else {
      let near = nearest(to: item, among: names).map { "\(quoted($0)) (did you mean that?)" }
      throw field.refusal(
        "the tensor \(quoted(item)), which \(escaped(path)) does not have",
        expected: near
          ?? "one of \(names.prefix(20).map(escaped).joined(separator: ", "))")
    }
    let isList = names.count != 1 || names == ["0"]
    let shape = container.tensors[names.first ?? ""]?.shape ?? []
    let count = isList ? names.count : shape.first ?? 0
    let place = number < 0 ? number + count : number
    guard (0..<count).contains(place), !isList || names.contains("\(place)") else {
      throw field.refusal(
        "number \(number) of \(escaped(path))",
        expected: isList
          ? "one of its \(count) tensors, \(names.prefix(20).map(escaped).joined(separator: ", "))"
          : "a row of its one tensor, of shape \(shape)")
    }
    return isList ? (container, "\(place)", nil) : (container, names[0], place)
  }

  private func opened(
    _ path: String, _ field: JSONField
  ) throws(Refusal) -> any TensorContainer {
    switch format {
    case .npy: return try NumPyFile(path, kind: .job)
    case .safetensors: return try SafetensorsFile(path, kind: .job)
    case .pt, .pth, .bin: return try PyTorchFile(path, kind: .job, holding: .anyTensors)
    case .npz:
      throw field.refusal(
        "\(quoted(path)), an archive of arrays",
        expected: "one array in a .npy, as numpy.save has it")
    }
  }
}

extension TensorContainer {
  /// A tensor as floats, with a row of its first axis alone if one is wanted; integers are taken where
  /// they are the same as floats.
  func tensor(_ name: String, row: Int?) throws(Refusal) -> Tensor<Float> {
    let description = try tensor(name)
    let values: Tensor<Float>
    if description.elementType.isFloatingPoint {
      values = Tensor(description.shape, try floats(name))
    } else {
      let integers = try self.integers(name)
      if let large = integers.first(where: { Float(exactly: $0) == nil }) {
        throw Refusal(
          kind, file: path, field: name, found: "the element \(large)",
          expected: "integers that are floating-point numbers of 32 bits too")
      }
      values = Tensor(description.shape, integers.map { Float($0) })
    }
    guard let row else { return values }
    let shape = Array(description.shape.dropFirst())
    let count = shape.reduce(1, *)
    return Tensor(shape, Array(values.elements[row * count..<(row + 1) * count]))
  }
}
