package import Inputs

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
    let name = file.lowercased()
    let isLines =
      name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") || Self.looksLikeLines(bytes)
    var facts: [Fact] = []
    func add(_ field: JobField) throws(Refusal) {
      facts.append(try Fact(field, number: facts.count))
    }
    if isLines {
      try JSONLines.read(bytes, file: file, each: add)
    } else {
      for field in try Self.array(bytes, file: file) { try add(field) }
    }
    guard !facts.isEmpty else {
      throw Refusal(.job, file: file, found: "no facts, so no units", expected: "at least one fact")
    }
    try Fact.refuseDuplicates(facts)
    self.facts = facts
    digest = Digest.of(bytes)
  }

  /// Whether the first line is an object by itself and something follows it, whatever the name says.
  private static func looksLikeLines(_ bytes: [UInt8]) -> Bool {
    let first = bytes.prefix { $0 != 10 }
    guard first.first == UInt8(ascii: "{"),
      bytes[first.count...].contains(where: { $0 > 0x20 })
    else { return false }
    return (try? JSON.parse(first, file: "", kind: .job)) != nil
  }

  private static func array(_ bytes: [UInt8], file: String) throws(Refusal) -> [JobField] {
    let root = JobField(
      JobValue(json: try JSON.parse(bytes, file: file, kind: .job, values: 10_000_000)),
      at: JobPlace(file: file))
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
}
