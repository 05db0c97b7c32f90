internal import Inputs

/// One `--set restore[0].layers=0:12`: a field of the job with another value.
///
/// The value is read as TOML writes it (`3`, `true`, `"text"`, `[1, 2]`); what is no TOML value
/// is text, so that ranges and paths need no quotation marks. Tables on the way are made.
struct JobOverride {
  let path: FieldPath
  let value: JobValue

  /// The path as typed.
  var name: String { path.text }

  init(_ text: String) throws(Refusal) {
    guard let equals = text.firstIndex(of: "=") else {
      throw Refusal(
        .commandLine, field: "--set", found: quoted(text),
        expected: "FIELD=VALUE, such as run.threads=2")
    }
    let name = String(text[..<equals])
    guard let path = FieldPath(name) else {
      throw Refusal(
        .commandLine, field: "--set", found: quoted(name),
        expected: "the path of a field, such as restore[0].layers")
    }
    self.path = path
    value = Self.value(String(text[text.index(after: equals)...]))
  }

  private static func value(_ text: String) -> JobValue {
    let asText = JobValue(.string(text), origin: .option)
    // One line, so that a value cannot bring further keys with it.
    guard !text.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) else { return asText }
    guard let parsed = try? TOMLParser.parse("v = \(text)", file: ""),
      case .table(let table) = parsed.content, table.members.count == 1, let value = table["v"]
    else { return asText }
    return value.from(.option)
  }

  /// The job with the value in its place.
  func applied(to root: JobValue, file: String) throws(Refusal) -> JobValue {
    try path.put(value, into: root, at: JobPlace(file: file, origin: .option))
  }
}

extension JobValue {
  /// The same value, and all in it, from another place.
  func from(_ origin: JobOrigin) -> JobValue {
    let content: Content =
      switch content {
      case .list(let items): .list(items.map { $0.from(origin) })
      case .table(let table):
        .table(table.members.reduce(into: JobTable()) { $0[$1.key] = $1.value.from(origin) })
      default: content
      }
    return JobValue(content, origin: origin)
  }
}
