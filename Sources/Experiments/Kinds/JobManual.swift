package import Inputs
internal import JobFiles

/// The manual of a kind of job: every field, as the section that reads it names it.
package struct JobManual {
  package let kind: JobKind
  private let fields: [FieldEntry]

  package init(of kind: JobKind) throws(Refusal) {
    self.kind = kind
    var fields = Fields.manual
    _ = try kind.specification.init(&fields)
    self.fields = fields.entries
  }

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
    var text =
      Self.wrapped("A job of the kind \"\(kind.rawValue)\": \(kind.summary).", indent: 0) + "\n"
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
    var text = "## \(kind.rawValue)\n\n\(kind.summary)\n"
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

  private static func wrapped(_ text: String, indent: Int) -> String {
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

  /// All kinds, for the documentation.
  package static var all: String {
    get throws(Refusal) {
      var text = "# Fields of jobs\n\nWritten by `causeway help job --markdown`.\n"
      for kind in JobKind.allCases { text += "\n" + (try JobManual(of: kind).markdown) }
      return text
    }
  }

  /// The kinds, a line each.
  package static var kinds: String {
    JobKind.allCases.map { kind in
      kind.rawValue.padding(to: 8) + kind.summary
    }.joined(separator: "\n")
  }
}

extension JobKind {
  /// The kind of that name, given on the command line.
  package init(named name: String) throws(Refusal) {
    guard let kind = Self(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue)
      let near = nearest(to: name, among: names).map { " (did you mean \($0)?)" } ?? ""
      throw Refusal(
        .commandLine, field: "help job", found: quoted(name),
        expected: "one of \(names.joined(separator: ", "))\(near)")
    }
    self = kind
  }

  /// What reads its jobs.
  var specification: any JobSpecification.Type { experiment.specification }

  /// What it is for, on one line.
  package var summary: String { experiment.summary }
}
