internal import Foundation
package import Inputs

/// The one reader of files of data: their items one after another, each with its place.
///
/// JSON lines (`.jsonl`, `.ndjson`, or a first line that is an object by itself), one JSON list, an
/// object around one, or plain lines of text. Blank lines are passed over, and so is a byte-order mark.
package enum DataFile {
  /// What the items of a file may be.
  package enum Form: Sendable, Equatable {
    /// Objects, whose list may be called so; another is taken where it is the only one.
    case objects([String])
    /// Examples, which are JSON lines whatever the file is called, unless it is one list.
    case examples
    /// Texts: plain lines, but in `.jsonl`, `.ndjson` and `.json`.
    case texts
    /// JSON lines alone.
    case lines

    /// What a list of them is a list of.
    fileprivate var noun: String {
      switch self {
      case .objects(let names): names[0]
      case .examples: "examples"
      case .texts: "texts"
      case .lines: "values"
      }
    }

    /// What a file without one is, in a refusal.
    fileprivate var nothing: String {
      switch self {
      case .objects: "no \(noun), so no units"
      case .examples: "no examples, an empty split"
      case .texts, .lines: "no \(noun)"
      }
    }
  }

  /// Bytes of a file, of one that is a single JSON value, and of a line.
  package static let sizeLimit = 1 << 30
  package static let wholeLimit = 256 << 20
  package static let lineLimit = 16 << 20

  /// - Returns: SHA-256 of the file's bytes, which a run keeps: the job's digest covers only its path.
  package static func read(
    _ file: String, _ form: Form, each: (JobField) throws(Refusal) -> Void
  ) throws(Refusal) -> String {
    let bytes = try bytes(of: file)
    try read(bytes, file: file, form, each: each)
    return Digest.of(bytes)
  }

  package static func bytes(of file: String) throws(Refusal) -> [UInt8] {
    try BoundedFile(file, kind: .job).readAll(limit: sizeLimit)
  }

  /// - Parameter file: The name that refusals give, and whose ending tells the form.
  package static func read(
    _ bytes: [UInt8], file: String, _ form: Form, each: (JobField) throws(Refusal) -> Void
  ) throws(Refusal) {
    let bytes = Array(bytes.unmarked)
    let name = file.lowercased()
    let isNamedLines = name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
    let areLines =
      switch form {
      case .lines: true
      case .objects: isNamedLines || looksLikeLines(bytes)
      case .examples: isNamedLines || bytes.first(where: { $0 > 0x20 }) != UInt8(ascii: "[")
      case .texts: isNamedLines || !name.hasSuffix(".json") || looksLikeLines(bytes)
      }
    var count = 0
    func take(_ field: JobField) throws(Refusal) {
      count += 1
      try each(field)
    }
    if areLines {
      let isPlain = form == .texts && !isNamedLines && !name.hasSuffix(".json")
      try lines(bytes, file: file, isPlain: isPlain, each: take)
    } else {
      for field in try list(bytes, file: file, form) { try take(field) }
    }
    guard count > 0 || form == .lines else {
      throw Refusal(
        .job, file: file, found: form.nothing, expected: "at least one of the \(form.noun)")
    }
  }

  /// Whether the first line is an object by itself and something follows it, whatever the name says.
  private static func looksLikeLines(_ bytes: [UInt8]) -> Bool {
    let first = bytes.prefix { $0 != 10 }
    guard first.first == UInt8(ascii: "{"),
      bytes[first.count...].contains(where: { $0 > 0x20 })
    else { return false }
    return (try? JSON.parse(first, file: "", kind: .job)) != nil
  }

  // MARK: One JSON value

  private static func list(
    _ bytes: [UInt8], file: String, _ form: Form
  ) throws(Refusal) -> [JobField] {
    guard bytes.count <= wholeLimit else {
      throw Refusal(
        .job, file: file, found: "one JSON value of \(bytes.count) bytes",
        expected: "at most \(wholeLimit) bytes (the limit), or JSON lines")
    }
    let root = JobField(
      JobValue(json: try JSON.parse(bytes, file: file, kind: .job, values: 10_000_000)),
      at: JobPlace(file: file))
    guard case .table(let table) = root.value.content else {
      guard case .list = root.value.content else {
        throw root.refusal(expected: "a list of \(form.noun), or an object around one")
      }
      return try root.items()
    }
    let section = try root.anyTable()
    if case .objects(let names) = form, let name = names.first(where: { table[$0] != nil }) {
      return try section.optional(name)?.items() ?? []
    }
    let lists = table.members.filter { isListOfTables($0.value) }.map(\.key)
    guard lists.count == 1, let list = section.optional(lists[0]) else {
      let found =
        lists.isEmpty
        ? "no list of \(form.noun)" : "the lists \(lists.map(quoted).joined(separator: ", "))"
      throw root.place.refusal(
        found, expected: "a field \"\(form.noun)\", or one list of objects")
    }
    return try list.items()
  }

  private static func isListOfTables(_ value: JobValue) -> Bool {
    guard case .list(let items) = value.content else { return false }
    return !items.isEmpty
      && items.allSatisfy { if case .table = $0.content { true } else { false } }
  }

  // MARK: Lines

  private static func lines(
    _ bytes: [UInt8], file: String, isPlain: Bool, each: (JobField) throws(Refusal) -> Void
  ) throws(Refusal) {
    let (newline, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    if !bytes.contains(newline), let place = bytes.firstIndex(of: carriage), place < bytes.count - 1
    {
      throw Refusal(
        .job, file: file, found: "lines that end in a carriage return alone",
        expected: "lines that end in a line feed")
    }
    var number = 0
    for line in bytes.split(separator: newline, omittingEmptySubsequences: false) {
      number += 1
      let place = JobPlace(file: file, origin: .line(number))
      guard line.count <= lineLimit else {
        throw place.refusal(
          "a line of \(line.count) bytes", expected: "at most \(lineLimit) bytes (the limit)")
      }
      var line = line
      guard line.contains(where: { $0 != 32 && $0 != 9 && $0 != carriage }) else { continue }
      if isPlain, line.last == carriage { line = line.dropLast() }
      let value = isPlain ? try text(line, at: place) : try json(line, at: place)
      guard let value else { continue }
      try each(JobField(value, at: place))
    }
  }

  /// A line as it is; nil where it is blank in other characters than ASCII's.
  private static func text(_ line: ArraySlice<UInt8>, at place: JobPlace) throws(Refusal)
    -> JobValue?
  {
    guard let text = String(validating: line, as: UTF8.self), !text.utf8.contains(0) else {
      throw place.refusal("bytes that are not text", expected: "UTF-8 without NUL")
    }
    return text.allSatisfy(\.isWhitespace) ? nil : .text(text)
  }

  /// A line's value; the parser counts lines from its own start, so its place is told anew.
  private static func json(_ line: ArraySlice<UInt8>, at place: JobPlace) throws(Refusal)
    -> JobValue?
  {
    do throws(Refusal) {
      return JobValue(
        json: try JSON.parse(line, file: place.file, kind: .job), origin: place.origin)
    } catch {
      let column = error.field.replacingOccurrences(of: "line 1, column", with: "column")
      throw JobPlace(file: place.file, path: column, origin: place.origin).refusal(
        error.found, expected: error.expected)
    }
  }
}
