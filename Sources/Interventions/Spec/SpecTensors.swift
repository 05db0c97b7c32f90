internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Models
internal import Tensors

/// The tensors that a specification gives: numbers in it, `"zeros"`, the names of `in.NAME` in its own
/// tensor file or of tensors made elsewhere, and other files (`TensorPath`).
struct SpecTensors {
  /// What a tensor is for, by which it can be said in short.
  struct Use {
    /// The site of a dump whose statistic it is.
    var site: Site?
    /// What `{layer}` in a name or path stands for, and the layer of that site.
    var layer: Int?
    /// That of `"zeros"`.
    var shape: [Int]?

    init(site: Site? = nil, layer: Int? = nil, shape: [Int]? = nil) {
      (self.site, self.layer, self.shape) = (site, layer, shape)
    }
  }

  private static let zeros = "zeros"
  /// What a tensor can be said by.
  static let words =
    "the name of a tensor, numbers, \"zeros\", \(TensorPath.words), or {dump = \"run folder\", "
    + "statistic = \"mean\"}"
  /// Axes that numbers in a specification may have.
  private static let rankLimit = 8

  /// What stands before names in the own file.
  private let prefix: String
  /// Where the own file is, or would be; nil of a job that names none.
  private let path: String?
  private let file: (any TensorContainer)?
  private let made: [String: Tensor<Float>]
  /// Where paths of other files start from; nil: none are read.
  private let folder: URL?
  private let files: OpenedTensorFiles
  /// What reads statistics of dumps; nil: none are read.
  private let dump: ((JSONField, Use) throws(Refusal) -> Tensor<Float>)?

  /// Those of a file that a job names, or none.
  init(_ path: String?, prefix: String = "in.") throws(Refusal) {
    (self.path, self.prefix, files) = (path, prefix, OpenedTensorFiles())
    file = try path.map { (path) throws(Refusal) in try SafetensorsFile(path, kind: .job) }
    (made, folder, dump) = ([:], nil, nil)
  }

  /// Those of a specification, and in the file of its own name if there is one.
  ///
  /// - Parameters:
  ///   - named: The file instead of that one.
  ///   - made: Tensors that no file holds, by name; they hide those of the file.
  ///   - files: What keeps files open that are named again.
  ///   - dump: What reads a statistic of a dump that an object describes.
  init(
    beside document: String, or named: String?, made: [String: Tensor<Float>],
    files: OpenedTensorFiles,
    dump: ((JSONField, Use) throws(Refusal) -> Tensor<Float>)? = nil
  ) throws(Refusal) {
    let path = named ?? Self.path(beside: document)
    let isThere = named != nil || FileManager.default.fileExists(atPath: path)
    (self.path, prefix, self.files) = (path, "in.", files)
    file = isThere ? try files.safetensors(path) : nil
    self.dump = dump
    (self.made, folder) = (made, URL(fileURLWithPath: document).deletingLastPathComponent())
  }

  /// The tensor file of a specification.
  static func path(beside document: String) -> String {
    URL(fileURLWithPath: document).deletingPathExtension().appendingPathExtension("safetensors")
      .path
  }

  // MARK: Where a tensor is

  private struct Place {
    let container: any TensorContainer
    let name: String
    var row: Int?
  }

  private func place(_ field: JSONField, _ use: Use) throws(Refusal) -> Place {
    let text = try filled(field, use)
    if let folder, let path = TensorPath(text) {
      let found = try path.found(
        at: URL(fileURLWithPath: path.path, relativeTo: folder).path, in: files, for: field)
      return Place(container: found.container, name: found.name, row: found.row)
    }
    if let file, file.tensors[prefix + text] != nil {
      return Place(container: file, name: prefix + text)
    }
    let known =
      (file?.tensors.keys.filter { $0.hasPrefix(prefix) }
        .map { String($0.dropFirst(prefix.count)) } ?? []) + made.keys
    let near =
      nearest(to: text, among: known.sorted()).map { "; the nearest name is \(quoted($0))" } ?? ""
    let forms = folder == nil ? "" : ", \(TensorPath.words), or numbers"
    guard let file else {
      let place = path.map { "the file \(escaped($0)) with" } ?? "a file in the job's tensors with"
      throw field.refusal(
        "the tensor \(quoted(text)) and no tensor file",
        expected: "\(place) \(prefix + text)\(forms)\(near)")
    }
    throw field.refusal(
      "the tensor \(quoted(text)), which \(escaped(file.path)) does not have",
      expected: "the name of a tensor \(prefix)NAME there\(forms)\(near)")
  }

  /// Whether the own file, or what is made elsewhere, has a tensor of a name.
  func has(_ name: String) -> Bool {
    made[name] != nil || file?.tensors[prefix + name] != nil
  }

  /// The text with the layer in the place of `{layer}`.
  private func filled(_ field: JSONField, _ use: Use) throws(Refusal) -> String {
    let text = try field.string()
    guard text.contains(LayerText.mark) else { return text }
    guard let layer = use.layer else {
      throw field.refusal(
        quoted(text), expected: "a name without \(LayerText.mark), since there is no layer here")
    }
    return LayerText.filled(text, layer)
  }

  // MARK: Values

  /// Floating-point numbers.
  func floats(_ field: JSONField, for use: Use = Use()) throws(Refusal) -> Tensor<Float> {
    switch field.value {
    case .array: return try inline(field)
    case .object:
      guard let dump, try field.optional("dump") != nil else {
        throw field.refusal(
          "an object",
          expected: "numbers or the name of a tensor"
            + (dump == nil ? "" : ", or an object with dump and statistic"))
      }
      return try dump(field, use)
    default: break
    }
    let text = try filled(field, use)
    if let tensor = made[text] { return tensor }
    if text == Self.zeros {
      guard file?.tensors[prefix + text] == nil else {
        throw field.refusal(
          "\"zeros\", which \(escaped(path ?? "")) has a tensor of",
          expected: "another name in that file"
        )
      }
      guard let shape = use.shape else {
        throw field.refusal(
          "\"zeros\"", expected: "numbers or the name of a tensor: its shape is open")
      }
      return Tensor(zeros: shape)
    }
    let place = try place(field, use)
    // Of the own file a name says what it is of; numbers of other files are taken as they are.
    if place.container.path == file?.path,
      let type = place.container.tensors[place.name]?.elementType,
      !type.isFloatingPoint
    {
      throw field.refusal(
        "the tensor \(quoted(text)) of type \(type.name)", expected: "floating-point numbers")
    }
    return try place.container.tensor(place.name, row: place.row)
  }

  /// Numbers as they stand, in lists of lists of one length each.
  private func inline(_ field: JSONField) throws(Refusal) -> Tensor<Float> {
    var values: [Float] = []
    let shape = try Self.numbers(field) { (item) throws(Refusal) in
      let value = Float(try item.double())
      guard value.isFinite else {
        throw item.refusal("the number \(try item.double())", expected: "one of 32 bits")
      }
      values.append(value)
    }
    return Tensor(shape, values)
  }

  /// The shape of lists of lists of one length each.
  ///
  /// - Parameter add: Called with what stands in them, in order.
  static func numbers(
    _ field: JSONField, depth: Int = 0, _ add: (JSONField) throws(Refusal) -> Void
  ) throws(Refusal) -> [Int] {
    guard case .array = field.value else {
      try add(field)
      return []
    }
    let items = try field.items()
    guard depth < rankLimit, !items.isEmpty else {
      throw field.refusal(
        items.isEmpty ? "no numbers" : "lists nested deeper than \(rankLimit)", expected: "numbers")
    }
    var inner: [Int]?
    for item in items {
      let shape = try numbers(item, depth: depth + 1, add)
      if let inner, inner != shape {
        throw item.refusal("shape \(shape)", expected: "\(inner), as those before it have")
      }
      inner = shape
    }
    return [items.count] + (inner ?? [])
  }

  /// The integers that a field names or lists, with their shape.
  func integers(_ field: JSONField) throws(Refusal) -> (shape: [Int], values: [Int]) {
    if case .array = field.value {
      var values: [Int] = []
      let shape = try Self.numbers(field) { (item) throws(Refusal) in
        values.append(try item.int(in: -(1 << 53)...1 << 53))
      }
      return (shape, values)
    }
    let place = try place(field, Use())
    let tensor = try place.container.tensor(place.name) as TensorDescription
    guard !tensor.elementType.isFloatingPoint else {
      throw field.refusal(
        "the tensor \(quoted(try field.string())) of type \(tensor.elementType.name)",
        expected: "integers")
    }
    let values = try place.container.integers(place.name)
    guard let row = place.row else { return (tensor.shape, values) }
    let shape = Array(tensor.shape.dropFirst())
    let count = shape.reduce(1, *)
    return (shape, Array(values[row * count..<(row + 1) * count]))
  }

  /// A row of integers for each example.
  func rows(_ field: JSONField) throws(Refusal) -> [[Int]] {
    let (shape, values) = try integers(field)
    guard shape.count == 2 else {
      throw field.refusal("integers of shape \(shape)", expected: "[examples, positions]")
    }
    return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
  }
}
