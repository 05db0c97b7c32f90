internal import Inputs

/// A JSON value as Python's `json.dumps(indent=2, sort_keys=True)` writes it.
enum PythonJSON {
  case null
  case bool(Bool)
  case integer(Int)
  case string(String)
  case array([PythonJSON])
  case object([String: PythonJSON])
  /// In an order of their own.
  case members([(key: String, value: PythonJSON)])
  /// A number as it is written.
  case number(String)

  init(_ value: JSON) {
    switch value {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .number(let number): self = .number(number.text)
    case .string(let text): self = .string(text)
    case .array(let items): self = .array(items.map(PythonJSON.init))
    case .object(let object):
      self = .members(object.members.map { ($0.key, PythonJSON($0.value)) })
    }
  }

  /// The text, without a line feed after it.
  func text(indent: Int = 0) -> String {
    let inner = "\n" + String(repeating: " ", count: indent + 2)
    let outer = "\n" + String(repeating: " ", count: indent)
    switch self {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .integer(let value): return "\(value)"
    case .string(let text): return Self.literal(text)
    case .array(let items) where items.isEmpty: return "[]"
    case .array(let items):
      let lines = items.map { inner + $0.text(indent: indent + 2) }
      return "[\(lines.joined(separator: ","))\(outer)]"
    case .number(let text): return text
    case .object(let members):
      let sorted = members.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
      return PythonJSON.members(sorted).text(indent: indent)
    case .members(let members) where members.isEmpty: return "{}"
    case .members(let members):
      let lines = members.map { key, value in
        "\(inner)\(Self.literal(key)): \(value.text(indent: indent + 2))"
      }
      return "{\(lines.joined(separator: ","))\(outer)}"
    }
  }

  /// A string in ASCII, everything else escaped.
  private static func literal(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x08: result += "\\b"
      case 0x09: result += "\\t"
      case 0x0A: result += "\\n"
      case 0x0C: result += "\\f"
      case 0x0D: result += "\\r"
      case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
