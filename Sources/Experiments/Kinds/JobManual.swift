package import Inputs
internal import JobFiles

/// The manual of a kind of job: every field, as the section that reads it names it.
package struct JobManual {
  package let kind: JobKind
  private let fields: FieldManual

  package init(of kind: JobKind) throws(Refusal) {
    self.kind = kind
    var fields = Fields.manual
    _ = try kind.specification.init(&fields)
    self.fields = FieldManual(fields)
  }

  /// For a terminal of 100 columns.
  package var text: String {
    FieldManual.wrapped("A job of the kind \"\(kind.rawValue)\": \(kind.summary).", indent: 0)
      + "\n" + fields.text
  }

  /// For the documentation.
  package var markdown: String { "## \(kind.rawValue)\n\n\(kind.summary)\n" + fields.markdown }

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
    let width = 1 + (JobKind.allCases.map(\.rawValue.count).max() ?? 0)
    return JobKind.allCases.map { kind in
      kind.rawValue.padding(to: width) + kind.summary
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
