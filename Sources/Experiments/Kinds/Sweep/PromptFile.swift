internal import Inputs
internal import JobFiles

/// A prompt as a job or a file of it holds it, with another that it is compared with.
///
/// Keys are read by the names that the field uses: `clean` or `base` or `prompt`, `corrupted` or
/// `source`, `answer` or `io`, `foil` or `s`; `..._ids` and `..._id` where tokens come as ids;
/// `places` or `positions`, and `corrupted_places` or `source_places`.
struct WrittenPrompt: Sendable {
  enum Text: Sendable {
    case text(String)
    case ids([Int])
  }

  enum Token: Sendable {
    case text(String)
    case id(Int)
  }

  let id: String
  let clean: Text
  let corrupted: Text?
  let answer: Token
  let foil: Token?
  let places: [String: [Int]]
  let corruptedPlaces: [String: [Int]]?
  /// As it was written.
  let canonical: JobValue

  private static let keys = [
    "id", "known_id", "clean", "base", "prompt", "text", "clean_ids", "base_ids", "input_ids",
    "ids",
    "corrupted", "source", "corrupted_ids", "source_ids", "answer", "io", "attribute", "label",
    "answer_id", "io_id", "foil", "s", "foil_id", "s_id", "places", "positions", "corrupted_places",
    "source_places",
  ]

  /// Refuses what a prompt in the job itself has and nothing reads; files of others may have more.
  static func refuseUnknown(_ field: JobField) throws(Refusal) {
    let section = try field.anyTable()
    for key in section.table.keys where !keys.contains(key) {
      let near = nearest(to: key, among: keys).map { "\($0) (did you mean that?)" }
      throw field.place.member(key).refusal(
        "an unknown field \(quoted(key))",
        expected: near ?? "one of \(keys.joined(separator: ", "))")
    }
  }

  let place: JobPlace

  /// - Parameter needsPair: Whether there must be a prompt that it is compared with; otherwise what is
  ///   said of one is left unread.
  init(_ field: JobField, number: Int, needsPair: Bool) throws(Refusal) {
    let section = try field.anyTable()
    (place, canonical) = (field.place, field.value)
    if let own = section.optional("id") ?? section.optional("known_id") {
      if case .integer(let value) = own.value.content {
        id = "\(value)"
      } else {
        id = try own.string()
      }
    } else {
      id = "\(number)"
    }
    func text(_ names: [String], _ ids: [String]) throws(Refusal) -> Text? {
      for name in ids {
        guard let list = section.optional(name) else { continue }
        var numbers: [Int] = []
        for item in try list.items() { numbers.append(try item.int(in: 0...Int(Int32.max))) }
        return .ids(numbers)
      }
      for name in names {
        if let field = section.optional(name) { return .text(try field.string()) }
      }
      return nil
    }
    func token(_ names: [String], _ ids: [String]) throws(Refusal) -> Token? {
      for name in ids {
        if let field = section.optional(name) {
          return .id(try field.int(in: 0...Int(Int32.max)))
        }
      }
      for name in names {
        guard let field = section.optional(name) else { continue }
        if case .integer = field.value.content { return .id(try field.int(in: 0...Int(Int32.max))) }
        return .text(try field.string())
      }
      return nil
    }
    guard
      let clean = try text(
        ["clean", "base", "prompt", "text"], ["clean_ids", "base_ids", "input_ids", "ids"])
    else {
      throw place.refusal("no clean prompt", expected: "clean (or base, or prompt), or clean_ids")
    }
    self.clean = clean
    corrupted =
      needsPair ? try text(["corrupted", "source"], ["corrupted_ids", "source_ids"]) : nil
    if needsPair, corrupted == nil {
      throw place.refusal(
        "no corrupted prompt", expected: "corrupted (or source), or corrupted_ids")
    }
    guard
      let answer = try token(["answer", "io", "attribute", "label"], ["answer_id", "io_id"])
    else {
      throw place.refusal("no answer", expected: "answer, a text of one token, or answer_id")
    }
    self.answer = answer
    foil = try token(["foil", "s"], ["foil_id", "s_id"])
    places = try Self.places(section.optional("places") ?? section.optional("positions"))
    corruptedPlaces =
      try (section.optional("corrupted_places") ?? section.optional("source_places"))
      .map { (field) throws(Refusal) in try Self.places(field) }
  }

  private static func places(_ field: JobField?) throws(Refusal) -> [String: [Int]] {
    guard let field else { return [:] }
    let section = try field.anyTable()
    var places: [String: [Int]] = [:]
    for key in section.table.keys {
      guard let own = section.optional(key) else { continue }
      var numbers: [Int] = []
      if case .integer = own.value.content {
        numbers = [try own.int(in: 0...Int(Int32.max))]
      } else {
        for item in try own.items() { numbers.append(try item.int(in: 0...Int(Int32.max))) }
      }
      places[key] = numbers
    }
    return places
  }
}

/// `[data]` of sweeps: prompts, with what they are compared with.
struct PromptSection: Sendable {
  private enum Source: Sendable {
    case file(JobPath)
    case inline([WrittenPrompt])
  }

  private let source: Source
  private let needsPair: Bool
  private let limit: Int?
  private let ids: [String]?
  private let idsPlace: JobPlace

  /// - Parameter key: What the field of the file is called: `pairs`, or `prompts`.
  init(_ f: inout Fields, key: String, needsPair: Bool) throws(Refusal) {
    self.needsPair = needsPair
    let words =
      (needsPair ? "clean, corrupted, answer, foil" : "clean, answer, foil")
      + "; or token ids in clean_ids and so on; places by name in places"
    let items = try f.optional(
      "items",
      FieldType<[WrittenPrompt]>(
        "a list of \(key)", placeholder: [], canonical: { .items($0.map(\.canonical)) }
      ) { (field, _) throws(Refusal) in
        var prompts: [WrittenPrompt] = []
        for item in try field.items() {
          try WrittenPrompt.refuseUnknown(item)
          prompts.append(try WrittenPrompt(item, number: prompts.count, needsPair: needsPair))
        }
        try Self.check(prompts, field.place)
        return prompts
      }, apartFrom: [key], "The \(key) in the job itself, each with \(words).")
    let file = try f.optional(
      key, .path("a file of \(key), or [[data.items]]"),
      needed: Fields.When(items == nil, "without items"),
      "A JSON list, or JSON lines, each with \(words).")
    source = items.map { .inline($0) } ?? .file(file ?? JobPath(written: "", resolved: ""))
    limit = try f.optional(
      "limit", .int(1...Int(Int32.max)), usually: "all",
      "At most so many: the first of those that ids chooses.")
    idsPlace = f.place(of: "ids")
    ids = try f.optional(
      "ids", .list(of: .text, "ids", isSet: true), usually: "all",
      "Only those with these ids, in the data's order.")
  }

  private static func check(_ prompts: [WrittenPrompt], _ place: JobPlace) throws(Refusal) {
    guard !prompts.isEmpty else {
      throw place.refusal("no prompts, so no units", expected: "at least one prompt")
    }
    var known: Set<ByteKey> = []
    for prompt in prompts where !known.insert(ByteKey(prompt.id)).inserted {
      throw prompt.place.member("id").refusal(
        "\(quoted(prompt.id)), which is there already", expected: "ids that differ")
    }
  }

  /// The prompts of the job, cut down by `ids` and `limit`, and the digest of their file.
  func load() throws(Refusal) -> (prompts: [WrittenPrompt], digest: String?) {
    var (prompts, digest): ([WrittenPrompt], String?)
    switch source {
    case .inline(let own): (prompts, digest) = (own, nil)
    case .file(let path):
      let bytes = try BoundedFile(path.resolved, kind: .job).readAll(limit: FactFile.sizeLimit)
      var all: [WrittenPrompt] = []
      try FactFile.each(bytes, file: path.resolved, list: ["pairs", "prompts", "facts"]) {
        (field) throws(Refusal) in
        all.append(try WrittenPrompt(field, number: all.count, needsPair: needsPair))
      }
      try Self.check(all, JobPlace(file: path.resolved))
      (prompts, digest) = (all, Digest.of(bytes))
    }
    if let ids {
      let known = Set(prompts.map { ByteKey($0.id) })
      if let unknown = ids.first(where: { !known.contains(ByteKey($0)) }) {
        let near = nearest(to: unknown, among: prompts.map(\.id)).map { " (did you mean \($0)?)" }
        throw idsPlace.refusal(
          "the id \(quoted(unknown))",
          expected: "ids of the \(prompts.count) prompts" + (near ?? ""))
      }
      let wanted = Set(ids.map(ByteKey.init))
      prompts = prompts.filter { wanted.contains(ByteKey($0.id)) }
    }
    return (limit.map { Array(prompts.prefix($0)) } ?? prompts, digest)
  }
}

/// A prompt as a model sees it.
struct SweepPrompt: Sendable, Codable {
  let id: String
  /// Token ids and texts.
  let ids: [Int]
  let tokens: [String]
  /// Of the prompt that it is compared with; empty where there is none.
  let otherIDs: [Int]
  let otherTokens: [String]
  let answerID: Int
  let answer: String
  let foilID: Int?
  let foil: String?
  /// Tokens of the other run that have noise on their embeddings.
  let noised: [Int]

  init(
    _ written: WrittenPrompt, by prompts: ModelPrompts, context: Int, needsFoil: Bool,
    noise: PatchNoise?
  ) throws(Refusal) {
    id = written.id
    let place = written.place
    func encode(_ text: WrittenPrompt.Text, _ name: String) throws(Refusal) -> (String, [Int]) {
      let (whole, ids): (String, [Int])
      switch text {
      case .ids(let given): (whole, ids) = ("", given)
      case .text(let text): (whole, ids) = (text, try prompts.encodeWithOffsets(text).map(\.id))
      }
      guard !ids.isEmpty else {
        throw place.member(name).refusal("a prompt without a token", expected: "at least one")
      }
      if let odd = ids.first(where: { $0 >= prompts.count }) {
        throw place.member(name).refusal(
          "the token id \(odd)", expected: "ids from 0 to \(prompts.count - 1)")
      }
      guard ids.count <= context else {
        throw place.member(name).refusal(
          "\(ids.count) tokens", expected: "at most \(context), the model's context")
      }
      return (whole, ids)
    }
    let (clean, ids) = try encode(written.clean, "clean")
    self.ids = ids
    tokens = ids.map { prompts.token($0) ?? "#\($0)" }
    noised =
      try noise?.positions.resolve(
        in: PromptPlaces(count: ids.count, named: written.places), called: "pair \(id)") ?? []
    if noise != nil {
      guard !noised.isEmpty else {
        throw place.refusal("no token for the noise", expected: "corrupt.positions that it has")
      }
      otherIDs = ids
    } else if let other = written.corrupted {
      otherIDs = try encode(other, "corrupted").1
    } else {
      otherIDs = []
    }
    otherTokens = otherIDs.map { prompts.token($0) ?? "#\($0)" }
    func token(_ token: WrittenPrompt.Token, _ name: String) throws(Refusal) -> Int {
      switch token {
      case .id(let id):
        guard id < prompts.count else {
          throw place.member(name).refusal(
            "token \(id)", expected: "a token from 0 to \(prompts.count - 1)")
        }
        return id
      case .text(let text):
        return try prompts.token(text, following: clean, ids, at: place.member(name))
      }
    }
    answerID = try token(written.answer, "answer")
    answer = prompts.token(answerID) ?? "#\(answerID)"
    foilID = try written.foil.map { (foil) throws(Refusal) in try token(foil, "foil") }
    foil = foilID.map { prompts.token($0) ?? "#\($0)" }
    if needsFoil, foilID == nil {
      throw place.refusal(
        "no foil", expected: "a foil for the metric logit_difference, or other metrics")
    }
    if let foilID, foilID == answerID {
      throw place.member("foil").refusal(
        "the answer's own token \(quoted(answer))", expected: "another token")
    }
  }
}
