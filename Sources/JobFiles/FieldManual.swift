/// The manual of a file: every field, as the function that reads it names it.
package struct FieldManual {
  private let fields: [FieldEntry]

  /// - Parameter fields: `Fields.manual`, after they were named.
  package init(_ fields: Fields) { self.fields = fields.entries }

  private enum Line {
    case title(String, says: String)
    case field(FieldEntry)
    /// The fields of another title.
    case same(String)
  }

  private var lines: [Line] {
    var lines: [Line] = []
    // Where fields were told of first: the same ones are not told of again.
    var told: [String: String] = [:]
    func add(_ fields: [FieldEntry], _ path: String, of title: String) {
      let own = fields.map { $0.key + $0.terms + $0.says }.joined(separator: "\n")
      if let first = told[own], !fields.isEmpty {
        lines.append(.same(first))
        return
      }
      told[own] = title
      let (tables, values) = (
        fields.filter { $0.form != .value }, fields.filter { $0.form == .value }
      )
      lines += values.map { .field($0) }
      for entry in values where !entry.fields.isEmpty {
        let title = "Each line or item of \(path)\(entry.key)"
        lines.append(.title(title, says: ""))
        add(entry.fields, "", of: title)
      }
      for entry in tables {
        let name = path + entry.key
        let title = entry.form == .tables ? "[[\(name)]]" : "[\(name)]"
        let terms = entry.terms.isEmpty ? "" : " (\(entry.terms))"
        lines.append(.title(title, says: entry.says + terms))
        add(entry.fields, name + ".", of: title)
      }
    }
    add(fields, "", of: "")
    return lines
  }

  /// For a terminal of 100 columns.
  package var text: String {
    var text = ""
    for line in lines {
      switch line {
      case .title(let title, let says):
        text += "\n\(title)\n" + (says.isEmpty ? "" : Self.wrapped(says, indent: 2))
      case .field(let entry):
        text += "  \(entry.key)\n" + Self.wrapped(entry.terms + ". " + entry.says, indent: 6)
      case .same(let title): text += "  The fields of \(title).\n"
      }
    }
    return text
  }

  /// For the documentation.
  package var markdown: String {
    var text = ""
    for line in lines {
      switch line {
      case .title(let title, let says):
        text += "\n### \(title.hasPrefix("[") ? "`\(title)`" : title)\n\n"
        if !says.isEmpty { text += says + "\n\n" }
      case .same(let title): text += "The fields of \(title).\n"
      case .field(let entry): text += "- `\(entry.key)`: \(entry.terms). \(entry.says)\n"
      }
    }
    return text
  }

  /// Text in lines of 100 columns.
  package static func wrapped(_ text: String, indent: Int) -> String {
    let space = String(repeating: " ", count: indent)
    var (result, line) = ("", "")
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + word.count + 1 > 100 - indent {
        result += space + line + "\n"
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return result + space + line + "\n"
  }
}
