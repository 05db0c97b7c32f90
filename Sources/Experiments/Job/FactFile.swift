package import Inputs
internal import JobFiles

/// Facts read from a file: a JSON array, an object around one, or JSON lines (`.jsonl`, `.ndjson`).
///
/// Lines are known by the file's ending, or by a first line that is an object.
package struct FactFile: Sendable {
  package let facts: [Fact]
  /// SHA-256 of the file's bytes, which a run keeps: the job's digest covers only its path.
  package let digest: String

  package static let sizeLimit = 256 << 20

  package init(reading file: String) throws(Refusal) {
    let bytes = try BoundedFile(file, kind: .job).readAll(limit: Self.sizeLimit)
    try self.init(bytes, file: file)
  }

  /// - Parameter file: The name that refusals give, and whose ending decides the format.
  package init(_ bytes: [UInt8], file: String) throws(Refusal) {
    var facts: [Fact] = []
    try Self.each(bytes, file: file, list: ["facts"]) { (field) throws(Refusal) in
      facts.append(try Fact(field, number: facts.count))
    }
    guard !facts.isEmpty else {
      throw Refusal(.job, file: file, found: "no facts, so no units", expected: "at least one fact")
    }
    try Fact.refuseDuplicates(facts)
    self.facts = facts
    digest = Digest.of(bytes)
  }

  /// Reads the objects of a file, one after another.
  ///
  /// - Parameter list: What the list of an object around it may be called; else it is the only one.
  static func each(
    _ bytes: [UInt8], file: String, list names: [String],
    _ take: (JobField) throws(Refusal) -> Void
  ) throws(Refusal) {
    let name = file.lowercased()
    if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") || looksLikeLines(bytes) {
      try JSONLines.read(bytes, file: file, each: take)
    } else {
      for field in try array(bytes, file: file, list: names) { try take(field) }
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

  private static func array(
    _ bytes: [UInt8], file: String, list names: [String]
  ) throws(Refusal) -> [JobField] {
    let root = JobField(
      JobValue(json: try JSON.parse(bytes, file: file, kind: .job, values: 10_000_000)),
      at: JobPlace(file: file))
    guard case .table(let table) = root.value.content else {
      guard case .list = root.value.content else {
        throw root.refusal(expected: "a list of \(names[0]), or an object around one")
      }
      return try root.items()
    }
    for name in names where table[name] != nil {
      if let list = try root.anyTable().optional(name) { return try list.items() }
    }
    let lists = table.members.filter { isListOfTables($0.value) }.map(\.key)
    guard lists.count == 1, let list = try root.anyTable().optional(lists[0]) else {
      let found =
        lists.isEmpty
        ? "no list of \(names[0])" : "the lists \(lists.map(quoted).joined(separator: ", "))"
      throw root.place.refusal(found, expected: "a field \"\(names[0])\", or one list of objects")
    }
    return try list.items()
  }

  private static func isListOfTables(_ value: JobValue) -> Bool {
    guard case .list(let items) = value.content else { return false }
    return !items.isEmpty
      && items.allSatisfy { if case .table = $0.content { true } else { false } }
  }
}
