internal import Inputs

/// The header of a safetensors file, checked whole before any tensor is read.
///
/// A length of 8 bytes, little-endian; that many bytes of JSON, `{` first and only spaces after
/// `}`; then the data, each byte of which belongs to exactly one tensor. After
/// <https://github.com/huggingface/safetensors>, and stricter where the reference library lets its
/// own rules pass: duplicate names and leading white space are refused.
struct SafetensorsHeader {
  /// Bytes of JSON that the format allows.
  static let limit = 100_000_000
  /// Dimensions that a tensor may have; the format sets no limit.
  static let rankLimit = 8

  let metadata: [String: String]
  /// In the order of their data.
  let tensors: [TensorDescription]

  init(_ file: BoundedFile) throws(Refusal) {
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(file.kind, file: file.path, field: field, found: found, expected: expected)
    }
    guard file.size >= 8 else {
      throw refusal(
        "", "\(file.size) bytes, truncated", "at least the 8 bytes of a safetensors header length")
    }
    let length = try file.bytes(at: 0, count: 8).withUnsafeBytes {
      $0.loadUnaligned(as: UInt64.self)
    }
    guard length <= Self.limit else {
      let found = try disguise(of: file)
      throw refusal(
        "header length", found ?? "\(length)", "a safetensors header of at most \(Self.limit) bytes"
      )
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= file.size else {
      throw refusal(
        "header length", "\(length), with \(file.size - 8) bytes after it (truncated)",
        "no more than the file holds")
    }

    let root = try Self.json(file, length: Int(length))
    var metadata: [String: String] = [:]
    var tensors: [(begin: Int, end: Int, description: TensorDescription)] = []
    for (name, field) in try root.members() {
      if name == "__metadata__" {
        metadata = try Self.metadata(field)
      } else {
        tensors.append(
          try Self.tensor(name, field, dataStart: dataStart, dataBytes: file.size - dataStart))
      }
    }
    tensors.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }

    var covered = 0
    for (begin, end, tensor) in tensors {
      guard begin == covered else {
        throw refusal(
          "\(tensor.name).data_offsets",
          "\(begin) as the begin (\(begin > covered ? "a hole before it" : "an overlap"))",
          "\(covered), where the data before it ends")
      }
      covered = end
    }
    guard covered == file.size - dataStart else {
      throw refusal(
        "data", "\(file.size - dataStart - covered) trailing bytes that belong to no tensor",
        "the end of the file after the last tensor")
    }
    self.metadata = metadata
    self.tensors = tensors.map(\.description)
  }

  /// The header's JSON object.
  private static func json(_ file: BoundedFile, length: Int) throws(Refusal) -> JSONField {
    func refusal(_ found: String, _ expected: String) -> Refusal {
      Refusal(file.kind, file: file.path, field: "header", found: found, expected: expected)
    }
    let bytes = try file.jsonBytes(at: 8, count: length, limit: limit, field: "header")
    guard let first = bytes.first else { throw refusal("0 bytes", "a JSON object") }
    guard first == UInt8(ascii: "{") else {
      throw refusal("a first byte of \(first)", "'{' (123), of a JSON object in UTF-8")
    }
    let text = bytes[...((bytes.lastIndex { $0 != 0x20 }) ?? 0)]
    guard let last = text.last, last == UInt8(ascii: "}") else {
      throw refusal(
        "a last byte of \(text.last ?? first), or JSON cut short",
        "'}' (125) of a JSON object, then spaces only")
    }
    do throws(Refusal) {
      return JSONField(
        try JSON.parse(text, file: file.path, kind: file.kind), file: file.path, kind: file.kind)
    } catch {
      throw Refusal(
        error.kind, file: error.file, field: "header, \(error.field)", found: error.found,
        expected: error.expected)
    }
  }

  private static func metadata(_ field: JSONField) throws(Refusal) -> [String: String] {
    var metadata: [String: String] = [:]
    for (key, value) in try field.members() {
      guard metadata.updateValue(try value.string(), forKey: key) == nil else {
        throw value.refusal(
          "a duplicate key after Unicode normalisation", expected: "each key once")
      }
    }
    return metadata
  }

  private static func tensor(
    _ name: String, _ field: JSONField, dataStart: Int, dataBytes: Int
  ) throws(Refusal) -> (begin: Int, end: Int, description: TensorDescription) {
    try field.refuseUnknownKeys(known: ["dtype", "shape", "data_offsets"])
    let dtype = try field["dtype"]
    let typeName = try dtype.string()
    guard let type = ElementType.inSafetensors.first(where: { $0.name == typeName }) else {
      throw dtype.refusal(
        quoted(typeName),
        expected: "one of \(ElementType.inSafetensors.map(\.name).joined(separator: ", "))")
    }

    let shapeField = try field["shape"]
    let sizes = try shapeField.items()
    guard sizes.count <= rankLimit else {
      throw shapeField.refusal(
        "\(sizes.count) dimensions", expected: "at most \(rankLimit) dimensions")
    }
    var shape: [Int] = []
    for size in sizes { shape.append(try size.int(in: 0...Int.max)) }
    guard let extent = Extent(shape: shape, elementType: type) else {
      throw shapeField.refusal(
        "\(shape), which is too large: its bytes overflow 64 bits", expected: "what the file holds")
    }

    let offsetsField = try field["data_offsets"]
    let offsets = try offsetsField.items()
    guard offsets.count == 2 else {
      throw offsetsField.refusal("\(offsets.count) numbers", expected: "a begin and an end")
    }
    let begin = try offsets[0].int(in: 0...Int.max)
    let end = try offsets[1].int(in: 0...Int.max)
    guard begin <= end else {
      throw offsetsField.refusal("an end of \(end) before the begin \(begin)", expected: "a range")
    }
    guard end - begin == extent.byteCount else {
      throw offsetsField.refusal(
        "\(end - begin) bytes", expected: "\(extent.byteCount) bytes for \(type.name) \(shape)")
    }
    guard end <= dataBytes else {
      throw offsetsField.refusal(
        "an end of \(end), with \(dataBytes) bytes of data in the file (truncated)",
        expected: "a range inside the file")
    }
    return (
      begin, end,
      TensorDescription(
        name: name, shape: shape, elementType: type, extent: extent, file: field.file,
        offset: dataStart + begin)
    )
  }
}
