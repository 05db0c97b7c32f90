/// A value as it is written to a JSON file of the store; objects keep the order they are given.
package indirect enum Attribute: Sendable, Equatable {
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([Attribute])
  case table([Member])

  package struct Member: Sendable, Equatable {
    package let name: String
    package let value: Attribute

    package init(_ name: String, _ value: Attribute) {
      self.name = name
      self.value = value
    }
  }

  /// The value as JSON text, indented by two spaces; the same value gives the same bytes.
  ///
  /// Numbers that are not finite become the strings that Zarr reads: `"NaN"`, `"Infinity"`.
  package var json: String {
    var text = ""
    write(to: &text, indent: "")
    return text
  }

  private func write(to text: inout String, indent: String) {
    switch self {
    case .flag(let flag): text += flag ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value):
      text +=
        value.isFinite
        ? "\(value)" : value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\""
    case .text(let value): text += jsonString(value)
    case .list(let items):
      let isFlat = items.allSatisfy { if case .table = $0 { false } else { true } }
      writeItems(items.map { ("", $0) }, "[", "]", isFlat, to: &text, indent: indent)
    case .table(let members):
      let items = members.map { (jsonString($0.name) + ": ", $0.value) }
      writeItems(items, "{", "}", false, to: &text, indent: indent)
    }
  }

  private func writeItems(
    _ items: [(String, Attribute)], _ open: String, _ close: String, _ isFlat: Bool,
    to text: inout String, indent: String
  ) {
    let inner = indent + "  "
    text += open
    for (place, item) in items.enumerated() {
      text += place == 0 ? "" : isFlat ? ", " : ","
      text += (isFlat ? "" : "\n" + inner) + item.0
      item.1.write(to: &text, indent: inner)
    }
    text += (isFlat || items.isEmpty ? "" : "\n" + indent) + close
  }
}

extension Attribute: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .flag(value) }
  package init(arrayLiteral items: Attribute...) { self = .list(items) }
  package init(dictionaryLiteral members: (String, Attribute)...) {
    self = .table(members.map { Member($0.0, $0.1) })
  }
}

/// A string between quotation marks, with what JSON makes one escape escaped.
private func jsonString(_ value: String) -> String {
  var text = "\""
  for scalar in value.unicodeScalars {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\t": text += "\\t"
    case "\r": text += "\\r"
    case "\u{0}"..<" ":
      let digits = String(scalar.value, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text + "\""
}
