package import Inputs

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
  }

  private var lines: [Line] {
    var lines: [Line] = []
    func add(_ fields: [FieldEntry], _ path: String) {
      let (tables, values) = (fields.filter { $0.form != .value }, fields.filter { $0.form == .value })
      lines += values.map { .field($0) }
      for entry in values where !entry.fields.isEmpty {
        lines.append(.title("What a file in \(path)\(entry.key) holds, one for each:", says: ""))
        add(entry.fields, "")
      }
      for entry in tables {
        let name = path + entry.key
        let terms = entry.terms.isEmpty ? "" : " (\(entry.terms))"
        lines.append(
          .title(entry.form == .tables ? "[[\(name)]]" : "[\(name)]", says: entry.says + terms))
        add(entry.fields, name + ".")
      }
    }
    add(fields, "")
    return lines
  }

  /// For a terminal of 100 columns.
  package var text: String {
    var text = "A job of the kind \"\(kind.rawValue)\": \(kind.summary)\n\n"
    for line in lines {
      switch line {
      case .title(let title, let says):
        text += "\n\(title)\n" + (says.isEmpty ? "" : Self.wrapped(says, indent: 2))
      case .field(let entry):
        text += "  \(entry.key)\n" + Self.wrapped(entry.terms + ". " + entry.says, indent: 6)
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
  var specification: any JobSpecification.Type {
    switch self {
    case .basis: BasisSpec.self
    case .lens: LensSpec.self
    case .trace: TraceSpec.self
    case .dump: DumpSpec.self
    case .das: DasSpec.self
    case .train: ModelTrainSpec.self
    }
  }

  /// What it is for, on one line.
  package var summary: String {
    switch self {
    case .basis: "the directions of activations that a model's output hangs on most (causal bases)"
    case .lens: "translators from each layer's states to the model's logits (a tuned lens)"
    case .trace: "which states bring back a fact's answer after its subject is corrupted (causal tracing)"
    case .dump: "activations of sites, layers and heads over a corpus, with their statistics"
    case .das: "interventions trained to exchange a causal model's variables (alignment search)"
    case .train: "a model's own weights, with or without interchange interventions"
    }
  }
}
