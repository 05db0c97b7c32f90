package import Inputs
package import JobFiles

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

  package init(_ f: inout Fields) throws(Refusal) {
    let items = try f.optional(
      "items", .facts, apartFrom: ["facts"], "Facts in the job itself, in place of a file.")
    let file = try f.optional(
      "facts",
      .path("a file of facts, or [[data.items]]").holding { (f) throws(Refusal) in
        try Fact(&f, number: 0)
      }, needed: Fields.When(items == nil, "without items"), "A JSON file, a list of facts.")
    source = items.map { .inline($0) } ?? .file(file ?? JobPath(written: "", resolved: ""))
    limit = try f.optional(
      "limit", .int(1...Int(Int32.max)), usually: "all",
      "At most so many facts: the first of those that ids chooses, before the filter.")
    idsPlace = f.place(of: "ids")
    ids = try f.optional("ids", .ids, usually: "all", "Only these facts, in the data's order.")
    filter = try f.field(
      "filter", .choice(), or: .correct,
      "correct: only facts whose answer is the model's most probable next token; none: all.")
    minimumProbability = try f.optional(
      "minimum_probability", .number(0...1).called("a probability from 0 to 1"),
      "The least clean probability of the answer; it adds to either filter.")
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
}

extension FieldType where Value == [Fact] {
  /// Facts in the job itself.
  fileprivate static var facts: FieldType {
    FieldType(
      "a list of facts", placeholder: [], canonical: { .items($0.map(\.canonical)) }
    ) { (field, _) throws(Refusal) in
      var facts: [Fact] = []
      for item in try field.items() { facts.append(try Fact(item, number: facts.count)) }
      guard !facts.isEmpty else {
        throw field.place.refusal("no facts, so no units", expected: "at least one fact")
      }
      try Fact.refuseDuplicates(facts)
      return facts
    }
  }
}

extension FieldType where Value == [String] {
  /// Ids of facts, kept as text.
  fileprivate static var ids: FieldType {
    list(
      of: FieldType<String>(
        "the id of a fact, an integer or text", placeholder: "0", canonical: JobValue.text
      ) { (field, _) throws(Refusal) in
        switch field.value.content {
        case .integer(let number): return "\(number)"
        case .string(let text): return text
        default: throw field.refusal(expected: "the id of a fact, an integer or text")
        }
      }, "ids", isSet: true)
  }
}
