internal import Inputs

/// A job as text: canonical JSON, whose SHA-256 is the job's digest, and TOML for people.
package enum JobText {
  /// JSON without spaces, keys sorted by their bytes, each number in its one form.
  package static func canonicalJSON(_ value: JobValue) -> String {
    switch value.content {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let value): "\(value)"
    case .number(let value, _): value.description
    case .string(let text): string(text)
    case .list(let items): "[\(items.map(canonicalJSON).joined(separator: ","))]"
    case .table(let table):
      "{"
        + table.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(string($0.key)):\(canonicalJSON($0.value))" }.joined(separator: ",") + "}"
    }
  }

  /// SHA-256 of the canonical JSON, 64 hexadecimal digits.
  package static func digest(_ value: JobValue) -> String {
    Digest.of(Array(canonicalJSON(value).utf8))
  }

  /// TOML: the values of a table first, then its tables, each under its header.
  package static func toml(_ table: JobTable, comment: String = "") -> String {
    var lines = comment.isEmpty ? [] : comment.split(separator: "\n").map { "# \($0)" } + [""]
    write(table, path: [], into: &lines)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func write(_ table: JobTable, path: [String], into lines: inout [String]) {
    for (key, value) in table.members where headed(value) == nil {
      lines.append("\(name(key)) = \(inline(value))")
    }
    for (key, value) in table.members {
      guard let (tables, isArray) = headed(value) else { continue }
      let path = path + [name(key)]
      let header = path.joined(separator: ".")
      for table in tables {
        if !lines.isEmpty, lines.last != "" { lines.append("") }
        lines.append(isArray ? "[[\(header)]]" : "[\(header)]")
        write(table, path: path, into: &lines)
      }
    }
  }

  /// The tables of a value that gets headers: a table, or a list of nothing but tables.
  private static func headed(_ value: JobValue) -> (tables: [JobTable], isArray: Bool)? {
    switch value.content {
    case .table(let table): return ([table], false)
    case .list(let items):
      let tables = items.compactMap { item -> JobTable? in
        if case .table(let table) = item.content { table } else { nil }
      }
      return items.isEmpty || tables.count < items.count ? nil : (tables, true)
    default: return nil
    }
  }

  /// A value as TOML writes it on one line.
  package static func inline(_ value: JobValue) -> String {
    switch value.content {
    case .list(let items): "[\(items.map(inline).joined(separator: ", "))]"
    case .table(let table):
      "{ "
        + table.members.map { "\(name($0.key)) = \(inline($0.value))" }.joined(separator: ", ")
        + " }"
    default: canonicalJSON(value)
    }
  }

  private static func name(_ key: String) -> String {
    JobPlace.isBare(key) ? key : string(key)
  }

  /// A string that JSON and TOML read alike.
  private static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
