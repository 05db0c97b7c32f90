package import Inputs

/// `[data]`: the facts, and which of them are traced.
package struct DataSection: Sendable {
  package enum Source: Sendable, Equatable {
    case file(JobPath)
    /// `[[data.items]]`, in the job itself.
    case inline([Fact])
  }

  /// Which facts are kept once the clean run is known.
  package enum Filter: String, CaseIterable, Sendable {
    /// Those whose answer is the most probable next token, as in Meng et al., 2022.
    case correct
    case none
  }

  package let source: Source
  /// At most so many facts, the first of those chosen by `ids`, before the filter.
  package let limit: Int?
  /// Only these, in the data's order.
  package let ids: [String]?
  package let filter: Filter
  /// The least clean probability of the answer; it adds to either filter.
  package let minimumProbability: Double?
  private let idsPlace: JobPlace

  package init(_ field: JobField, folder: String) throws(Refusal) {
    let section = try field.table(
      known: ["facts", "items", "limit", "ids", "filter", "minimum_probability"])
    try section.refuse("items", besides: "facts")
    source =
      if let items = section.optional("items") {
        .inline(try Self.facts(items))
      } else {
        .file(
          try section.required("facts", expected: "a file of facts, or [[data.items]]")
            .path(from: folder))
      }
    limit = try section.optional("limit").map { (field) throws(Refusal) in
      try field.int(in: 1...Int(Int32.max))
    }
    idsPlace = section.place(of: "ids")
    ids = try section.optional("ids").map(Self.ids)
    filter =
      try section.optional("filter").map { (field) throws(Refusal) in try field.choice() }
      ?? .correct
    minimumProbability = try section.optional("minimum_probability").map {
      (field) throws(Refusal) in
      try field.double("a probability from 0 to 1") { $0 >= 0 && $0 <= 1 }
    }
  }

  private static func facts(_ field: JobField) throws(Refusal) -> [Fact] {
    var facts: [Fact] = []
    for item in try field.items() { facts.append(try Fact(item, number: facts.count)) }
    guard !facts.isEmpty else {
      throw field.place.refusal("no facts, so no units", expected: "at least one fact")
    }
    try Fact.refuseDuplicates(facts)
    return facts
  }

  private static func ids(_ field: JobField) throws(Refusal) -> [String] {
    var ids: [String] = []
    for item in try field.items() {
      switch item.value.content {
      case .integer(let number): ids.append("\(number)")
      case .string(let text): ids.append(text)
      default: throw item.refusal(expected: "the id of a fact, an integer or text")
      }
    }
    guard !ids.isEmpty else {
      throw field.place.refusal("no ids, so no units", expected: "at least one id")
    }
    guard Set(ids.map(ByteKey.init)).count == ids.count else {
      throw field.place.refusal("an id twice", expected: "each id once")
    }
    return ids
  }

  /// The facts of the job: read, and cut down by `ids` and `limit`.
  ///
  /// - Returns: The facts, all that they were chosen from, and the digest of the file that they came
  ///   from.
  package func load() throws(Refusal) -> (facts: [Fact], all: [Fact], fileDigest: String?) {
    switch source {
    case .inline(let facts): return (try select(facts), facts, nil)
    case .file(let path):
      let file = try FactFile(reading: path.resolved)
      return (try select(file.facts), file.facts, file.digest)
    }
  }

  /// The file of the facts as the job names it; empty where they stand in the job.
  package var fileName: String {
    if case .file(let path) = source { path.written } else { "" }
  }

  /// The facts that `ids` names, at most `limit` of them.
  package func select(_ facts: [Fact]) throws(Refusal) -> [Fact] {
    var chosen = facts
    if let ids {
      let known = Set(facts.map { ByteKey($0.id) })
      if let unknown = ids.first(where: { !known.contains(ByteKey($0)) }) {
        let near = nearest(to: unknown, among: facts.map(\.id)).map { " (did you mean \($0)?)" }
        throw idsPlace.refusal(
          "the id \(quoted(unknown))",
          expected: "ids of the \(facts.count) facts in \(escaped(facts[0].place.file))"
            + (near ?? ""))
      }
      let wanted = Set(ids.map(ByteKey.init))
      chosen = facts.filter { wanted.contains(ByteKey($0.id)) }
    }
    return limit.map { Array(chosen.prefix($0)) } ?? chosen
  }

  /// Whether a fact is traced, by what the clean run made of it.
  package func keeps(answerIsTop: Bool, probability: Double) -> Bool {
    (filter == .none || answerIsTop) && probability >= (minimumProbability ?? 0)
  }

  package var canonical: JobValue {
    var facts: JobValue?
    var items: JobValue?
    switch source {
    case .file(let path): facts = .text(path.written)
    case .inline(let list): items = .items(list.map(\.canonical))
    }
    return .fields([
      "facts": facts, "limit": limit.map(JobValue.int),
      "ids": ids.map { .items($0.map(JobValue.text)) }, "filter": .text(filter.rawValue),
      "minimum_probability": minimumProbability.map(JobValue.real), "items": items,
    ])
  }
}
