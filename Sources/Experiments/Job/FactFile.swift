internal import Foundation
package import Inputs

/// Facts read from a file: a JSON array, an object around one, or JSON lines (`.jsonl`, `.ndjson`).
package struct FactFile: Sendable {
  package let facts: [Fact]
  /// SHA-256 of the file's bytes, which a run keeps: the job's digest covers only its path.
  package let digest: String

  package static let sizeLimit = 256 << 20
  /// Of one line of JSON lines.
  package static let lineLimit = 16 << 20

  package init(reading file: String) throws(Refusal) {
    let bytes = try BoundedFile(file, kind: .job).readAll(limit: Self.sizeLimit)
    try self.init(bytes, file: file)
  }

  /// - Parameter file: The name that refusals give, and whose ending decides the format.
  package init(_ bytes: [UInt8], file: String) throws(Refusal) {
    let name = file.lowercased()
    let isLines = name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
    let fields = try isLines ? Self.lines(bytes, file: file) : Self.array(bytes, file: file)
    guard !fields.isEmpty else {
      throw Refusal(.job, file: file, found: "no facts, so no units", expected: "at least one fact")
    }
    var facts: [Fact] = []
    for (number, field) in fields.enumerated() {
      facts.append(try Fact(field, number: number))
    }
    try Fact.refuseDuplicates(facts)
    self.facts = facts
    digest = Digest.of(bytes)
  }

  private static func array(_ bytes: [UInt8], file: String) throws(Refusal) -> [JobField] {
    let root = JobField(
      JobValue(json: try JSON.parse(bytes, file: file, kind: .job)), at: JobPlace(file: file))
    guard case .table(let table) = root.value.content else {
      guard case .list = root.value.content else {
        throw root.refusal(expected: "a list of facts, or an object around one")
      }
      return try root.items()
    }
    if table["facts"] != nil, let facts = try root.anyTable().optional("facts") {
      return try facts.items()
    }
    let lists = table.members.filter { isListOfTables($0.value) }.map(\.key)
    guard lists.count == 1, let list = try root.anyTable().optional(lists[0]) else {
      let found =
        lists.isEmpty
        ? "no list of facts" : "the lists \(lists.map(quoted).joined(separator: ", "))"
      throw root.place.refusal(found, expected: "a field \"facts\", or one list of objects")
    }
    return try list.items()
  }

  private static func isListOfTables(_ value: JobValue) -> Bool {
    guard case .list(let items) = value.content else { return false }
    return !items.isEmpty
      && items.allSatisfy { if case .table = $0.content { true } else { false } }
  }

  /// One JSON object a line; blank lines are passed over.
  private static func lines(_ bytes: [UInt8], file: String) throws(Refusal) -> [JobField] {
    let (newline, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    if !bytes.contains(newline), let place = bytes.firstIndex(of: carriage), place < bytes.count - 1
    {
      throw Refusal(
        .job, file: file, found: "lines that end in a carriage return alone",
        expected: "lines that end in a line feed")
    }
    var fields: [JobField] = []
    var number = 0
    for line in bytes.split(separator: newline, omittingEmptySubsequences: false) {
      number += 1
      let place = JobPlace(file: file, origin: .line(number))
      guard line.count <= lineLimit else {
        throw place.refusal(
          "a line of \(line.count) bytes", expected: "at most \(lineLimit) bytes (the limit)")
      }
      let line = number == 1 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
      guard line.contains(where: { $0 != 32 && $0 != 9 && $0 != carriage }) else { continue }
      fields.append(JobField(try value(line, at: place), at: place))
    }
    return fields
  }

  /// A line's value; the parser counts lines from its own start, so its place is told anew.
  private static func value(_ line: ArraySlice<UInt8>, at place: JobPlace) throws(Refusal)
    -> JobValue
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
