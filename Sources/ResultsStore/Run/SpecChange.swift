internal import Inputs

/// A field in which two job specifications differ.
struct SpecChange: Sendable, Equatable {
  /// The path of the field, such as `sweep.layers[2]`.
  let field: String
  /// The two values as JSON; nil where a field is absent.
  let old: String?
  let new: String?

  var description: String {
    "\(escaped(field)) = \(new.map(escaped) ?? "(absent)") where the run has "
      + (old.map(escaped) ?? "none")
  }

  /// All fields in which two values differ, in the order of the old one.
  ///
  /// Arrays of equal length are compared item by item, others as a whole: a list that grew is one
  /// change. Nesting is bounded by the parser that made the values.
  static func between(_ old: JSON, _ new: JSON, at path: String = "") -> [SpecChange] {
    switch (old, new) {
    case (.object(let a), .object(let b)):
      let added = b.members.filter { a[$0.key] == nil }
      return a.members.flatMap { key, value in
        let place = path.isEmpty ? key : "\(path).\(key)"
        guard let other = b[key] else {
          return [SpecChange(field: place, old: compact(value), new: nil)]
        }
        return between(value, other, at: place)
      }
        + added.map { key, value in
          SpecChange(
            field: path.isEmpty ? key : "\(path).\(key)", old: nil, new: compact(value))
        }
    case (.array(let a), .array(let b)) where a.count == b.count:
      return zip(a, b).enumerated().flatMap { place, items in
        between(items.0, items.1, at: "\(path)[\(place)]")
      }
    default:
      let (a, b) = (compact(old), compact(new))
      return a.utf8.elementsEqual(b.utf8) ? [] : [SpecChange(field: path, old: a, new: b)]
    }
  }

  /// The value as JSON on one line, numbers as they are written.
  private static func compact(_ value: JSON) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): number.text
    case .string(let text): Attribute.text(text).json
    case .array(let items): "[" + items.map(compact).joined(separator: ", ") + "]"
    case .object(let object):
      "{"
        + object.members.map { "\(Attribute.text($0.key).json): \(compact($0.value))" }
        .joined(separator: ", ") + "}"
    }
  }
}
