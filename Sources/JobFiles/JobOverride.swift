internal import Inputs

/// One `--set restore[0].layers=0:12`: a field of the job with another value.
///
/// The value is read as TOML writes it (`3`, `true`, `"text"`, `[1, 2]`); what is no TOML value
/// is text, so that ranges and paths need no quotation marks. Tables on the way are made.
struct JobOverride {
  /// The path as typed.
  let name: String
  let value: JobValue
  private let steps: [Step]

  private enum Step {
    case key(String)
    case index(Int)
  }

  init(_ text: String) throws(Refusal) {
    guard let equals = text.firstIndex(of: "=") else {
      throw Refusal(
        .commandLine, field: "--set", found: quoted(text),
        expected: "FIELD=VALUE, such as run.threads=2")
    }
    name = String(text[..<equals])
    steps = try Self.steps(name)
    value = Self.value(String(text[text.index(after: equals)...]))
  }

  private static func steps(_ name: String) throws(Refusal) -> [Step] {
    func refusal() -> Refusal {
      Refusal(
        .commandLine, field: "--set", found: quoted(name),
        expected: "the path of a field, such as restore[0].layers")
    }
    var steps: [Step] = []
    for part in name.split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      let key = String(pieces[0])
      guard JobPlace.isBare(key) else { throw refusal() }
      steps.append(.key(key))
      for piece in pieces.dropFirst() {
        guard piece.hasSuffix("]"), let index = Int(piece.dropLast()), index >= 0 else {
          throw refusal()
        }
        steps.append(.index(index))
      }
    }
    guard steps.count <= JobDocument.depthLimit else { throw refusal() }
    return steps
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
    try put(into: root, steps[...], at: JobPlace(file: file, origin: .option))
  }

  private func put(
    into whole: JobValue?, _ steps: ArraySlice<Step>, at place: JobPlace
  ) throws(Refusal) -> JobValue {
    guard let step = steps.first else { return value }
    var result = whole ?? JobValue(.table(JobTable()), origin: .option)
    switch (step, result.content) {
    case (.key(let key), .table(var table)):
      table[key] = try put(into: table[key], steps.dropFirst(), at: place.member(key))
      result.content = .table(table)
    case (.index(let index), .list(var items)) where items.indices.contains(index):
      items[index] = try put(into: items[index], steps.dropFirst(), at: place.item(index))
      result.content = .list(items)
    case (.key(let key), _):
      throw place.refusal(result.kindName, expected: "a table, to set \(key) in it")
    case (.index(let index), _):
      throw place.refusal(result.kindName, expected: "a list with an item [\(index)]")
    }
    return result
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
