/// What the manual tells of a field.
package struct FieldEntry: Sendable {
  package enum Form: Sendable { case value, table, tables }

  package enum Need: Sendable, Equatable {
    case required
    /// Where something holds, in words.
    case needed(String)
    /// With its default, or what its absence means, in words.
    case usual(String)
    case none
  }

  package let key: String
  package let type: String
  package let form: Form
  package let need: Need
  package let unit: String
  /// What must hold for it to be allowed, in words; empty: nothing.
  package let condition: String
  package let excludes: [String]
  package let says: String
  /// Those inside it.
  package let fields: [FieldEntry]

  /// Type, need, unit and conditions on one line.
  package var terms: String {
    var parts = form == .value ? [type + (unit.isEmpty ? "" : ", in \(unit)")] : []
    switch need {
    case .required: parts.append("required")
    case .needed(let words): parts.append("required \(words)")
    case .usual(let words): if !words.isEmpty { parts.append("default \(words)") }
    case .none: parts.append("may be left out")
    }
    if !condition.isEmpty { parts.append("only with \(condition)") }
    if !excludes.isEmpty { parts.append("not beside \(excludes.joined(separator: ", "))") }
    return parts.joined(separator: "; ")
  }
}
