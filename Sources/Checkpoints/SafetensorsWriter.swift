public import Inputs

/// Collects named tensors and writes them as one safetensors file.
///
/// The same tensors and metadata give the same bytes, in whatever order they were added, and the
/// bytes that the reference library writes for them.
public struct SafetensorsWriter: Sendable {
  private enum Values: Sendable {
    case floats([Float])
    case integers([Int])

    var type: ElementType {
      switch self {
      case .floats: .f32
      case .integers: .i64
      }
    }

    var count: Int {
      switch self {
      case .floats(let values): values.count
      case .integers(let values): values.count
      }
    }
  }

  private var tensors: [String: (shape: [Int], values: Values)] = [:]
  private let metadata: [String: String]

  /// - Parameter metadata: Strings to stand under `__metadata__`.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a float32 tensor, row-major.
  public mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
    add(name, shape, .floats(values))
  }

  /// Adds an int64 tensor, row-major.
  public mutating func add(_ name: String, shape: [Int], _ values: [Int]) {
    add(name, shape, .integers(values))
  }

  private mutating func add(_ name: String, _ shape: [Int], _ values: Values) {
    precondition(
      shape.reduce(1, *) == values.count, "\(name): \(values.count) values, shape \(shape)")
    precondition(name != "__metadata__", "a tensor cannot be named __metadata__")
    let former = tensors.updateValue((shape, values), forKey: name)
    precondition(former == nil, "\(name) was added twice")
  }

  /// Writes the file: under a temporary name beside it, synced, then renamed over `path`, and the
  /// folder synced. A crash leaves the old file or the new one, never a part.
  ///
  /// - Throws: `resources` on a full disk or past a quota, `store` otherwise.
  public func write(to path: String) throws(Refusal) {
    let ordered = tensors.sorted {
      // Wider elements first, so that every tensor is aligned; the reference library's order.
      let (a, b) = ($0.value.values.type.blockBytes, $1.value.values.type.blockBytes)
      return a != b ? a > b : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    var output = try AtomicFile(path)
    try output.write(
      Self.header(ordered.map { ($0.key, $0.value.shape, $0.value.values) }, metadata))
    for tensor in ordered {
      switch tensor.value.values {
      case .floats(let values): try output.write(values)
      case .integers(let values): try output.write(values)
      }
    }
    try output.commit()
  }

  /// The length and the JSON, padded with spaces so that the data begins at a multiple of 8.
  private static func header(
    _ tensors: [(name: String, shape: [Int], values: Values)], _ metadata: [String: String]
  ) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(jsonString($0.key)):\(jsonString($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for (name, shape, values) in tensors {
      let end = offset + values.count * values.type.blockBytes
      let sizes = shape.map(String.init).joined(separator: ",")
      members.append(
        "\(jsonString(name)):{\"dtype\":\"\(values.type.name)\",\"shape\":[\(sizes)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    while text.count % 8 != 0 { text.append(0x20) }
    return withUnsafeBytes(of: UInt64(text.count)) { Array($0) } + text
  }
}

/// A string as a JSON literal.
private func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case "\u{8}": result += "\\b"
    case "\u{c}": result += "\\f"
    case "\0"..<" ":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
