package import CausalModels
package import Inputs
package import JobFiles

/// Examples read from JSON lines, one object a line.
///
/// `base` and `source` (or `sources`, a list) are a prompt, a list of token ids, or a list of
/// feature vectors. `label`, and `base_label` where it is known, are a text of one token, or the
/// number of a token or class; so is `foil`, a wrong answer that the loss `logit_difference` compares
/// the label with. Without it the loss takes the base's, and where that is the label the example weighs
/// nothing. `variables` names or numbers what each source sets. `places` gives
/// names to positions of the base: a number (from the end where negative), a list of numbers, a text
/// of the prompt, or `{"text": "John", "mention": 2}`; `source_places` does so for the sources, as
/// one table for all or a list of tables, and where it is missing the places of the base hold.
package struct ExampleFile: Sendable {
  package struct Entry: Sendable {
    package var example: CounterfactualExample
    package let place: JobPlace
    /// Whether the base's places are those of sources too, which must then be as long.
    package let sharesPlaces: Bool
  }

  package private(set) var entries: [Entry] = []
  /// Every variable that a line names, behind those of other files, in the order of the lines.
  package private(set) var variables: [String] = []
  /// SHA-256 of the file's bytes.
  package let digest: String

  package static let sizeLimit = 1 << 30
  /// Sources of one example.
  package static let sourceLimit = 256
  /// Positions, names of places, and features of a position, of one example.
  package static let lengthLimit = 1 << 20

  /// - Parameters:
  ///   - isIntervened: Whether each example needs a source.
  ///   - variables: Those that other files of the data have named.
  package init(
    reading file: String, isIntervened: Bool, variables: [String] = []
  ) throws(Refusal) {
    let bytes = try BoundedFile(file, kind: .job).readAll(limit: Self.sizeLimit)
    try self.init(bytes, file: file, isIntervened: isIntervened, variables: variables)
  }

  package init(
    _ bytes: [UInt8], file: String, isIntervened: Bool, variables known: [String] = []
  ) throws(Refusal) {
    digest = Digest.of(bytes)
    var entries: [Entry] = []
    var variables = known
    var areFeatures: Bool?
    try JSONLines.read(bytes, file: file) { (field) throws(Refusal) in
      let entry = try Self.entry(field, isIntervened: isIntervened, &variables)
      for input in [entry.example.base] + entry.example.sources {
        var isFeatures = false
        if case .features = input { isFeatures = true }
        guard isFeatures == areFeatures ?? isFeatures else {
          throw entry.place.refusal(
            isFeatures ? "features beside tokens" : "tokens beside features",
            expected: "inputs of one kind in a file")
        }
        areFeatures = isFeatures
      }
      entries.append(entry)
    }
    guard !entries.isEmpty else {
      throw Refusal(
        .job, file: file, found: "no examples, an empty split",
        expected: "one example at least, a JSON object a line")
    }
    (self.entries, self.variables) = (entries, variables)
  }

  private static func entry(
    _ field: JobField, isIntervened: Bool, _ variables: inout [String]
  ) throws(Refusal) -> Entry {
    guard case .table = field.value.content else {
      throw field.refusal(
        expected: "an example, such as {\"base\": ..., \"source\": ..., \"label\": ...}")
    }
    var f = try Fields(field, folder: "")
    let entry = try entry(&f, isIntervened: isIntervened, &variables)
    _ = try f.end()
    return entry
  }

  /// The fields of one line.
  static func entry(
    _ f: inout Fields, isIntervened: Bool, _ variables: inout [String]
  ) throws(Refusal) -> Entry {
    let input = FieldType<ExampleInput>(
      "a prompt, a list of token ids, or a list of feature vectors, [[...], ...], one a position",
      placeholder: .tokens([0]), canonical: { _ in JobValue(.null) }
    ) { (field, _) throws(Refusal) in try Self.input(field) }
    let label = FieldType<ExampleLabel>(
      "a text of one token, or the number of a token or class", placeholder: .index(0),
      canonical: { _ in JobValue(.null) }
    ) { (field, _) throws(Refusal) in try Self.label(field) }
    let base = try f.required("base", input, "The input that interventions act on.")
    let source = try f.optional(
      "source", input, "The input whose states are put into the base's run.")
    let several = try f.optional(
      "sources", .list(of: input, "inputs", count: 0...sourceLimit), apartFrom: ["source"],
      "Several sources, each for its variable or for its intervention.")
    let sources = several ?? source.map { [$0] } ?? []
    guard !isIntervened || !sources.isEmpty else {
      throw f.place(of: "source").refusal(
        "no source", expected: "a source, whose states are put into the base's run")
    }
    var example = CounterfactualExample(
      base: base,
      baseLabel: try f.optional(
        "base_label", label,
        "What the model should say of the base without interventions: of it "
          + "comes the accuracy of the model itself."),
      sources: sources,
      label: try f.required("label", label, "What the model should say after the intervention."))
    example.foil = try f.optional(
      "foil", label, usually: "base_label",
      "A wrong answer, which the loss logit_difference compares the label with; where it is the label "
        + "the example weighs nothing.")
    let names = try f.optional(
      "variables", .any("a list of names or numbers"), "The variable that each source sets.")
    let places = FieldType.any(
      "a table of names: a position (from the end where negative), a list of them, words of the "
        + "prompt, or {\"text\": words, \"mention\": number}")
    let own = try f.optional("places", places, "Names for positions of the base.")
    let ofSources = try f.optional(
      "source_places", places.called("such a table for all sources, or a list of tables"),
      usually: "places, if the sources are as long", "The same for the sources.")
    guard !f.isManual else { return Entry(example: example, place: f.place, sharesPlaces: false) }
    if names != nil, let field = f.written("variables") {
      example.variables = try Self.variables(field, sources: sources.count, &variables)
    }
    if let field = f.written("places") {
      (example.basePlaces, example.baseSpans) = try Self.places(field, in: base)
    }
    let shared = f.written("source_places") ?? f.written("places")
    for number in sources.indices {
      guard var own = shared else { break }
      if case .list = own.value.content {
        let list = try own.items()
        guard list.count == sources.count else {
          throw own.place.refusal(
            "\(list.count) tables of places", expected: "\(sources.count), one for each source")
        }
        own = list[number]
      }
      let (places, spans) = try Self.places(own, in: sources[number])
      example.sourcePlaces.append(places)
      example.sourceSpans.append(spans)
    }
    return Entry(
      example: example, place: f.place, sharesPlaces: ofSources == nil && own != nil)
  }

  private static func input(_ field: JobField) throws(Refusal) -> ExampleInput {
    let expected = "a prompt, a list of token ids, or a list of feature vectors"
    if case .string(let text) = field.value.content {
      guard !text.isEmpty else { throw field.place.refusal("an empty prompt", expected: expected) }
      return .text(text)
    }
    guard case .list(let list) = field.value.content else {
      throw field.refusal(expected: expected)
    }
    guard (1...lengthLimit).contains(list.count) else {
      throw field.place.refusal(
        "\(list.count) positions", expected: "1 to \(lengthLimit) of them")
    }
    guard case .list = list[0].content else {
      var ids: [Int] = []
      for item in try field.items() { ids.append(try item.int(in: 0...Int(Int32.max))) }
      return .tokens(ids)
    }
    var rows: [[Double]] = []
    for item in try field.items() {
      var row: [Double] = []
      for number in try item.items() {
        row.append(
          try number.double("a number that float32 holds") { abs($0) <= 3.4e38 })
      }
      guard !row.isEmpty, row.count <= lengthLimit, row.count == rows.first?.count ?? row.count
      else {
        throw item.place.refusal(
          "\(row.count) features",
          expected: rows.first.map { "\($0.count), as in the first position" }
            ?? "1 to \(lengthLimit)")
      }
      rows.append(row)
    }
    return .features(rows)
  }

  private static func label(_ field: JobField) throws(Refusal) -> ExampleLabel {
    switch field.value.content {
    case .string(let text):
      guard !text.allSatisfy(\.isWhitespace) else {
        throw field.place.refusal("an empty text", expected: "an answer")
      }
      return .text(text)
    case .integer: return .index(try field.int(in: 0...Int(Int32.max)))
    case .bool(let flag): return .index(flag ? 1 : 0)
    default: throw field.refusal(expected: "a text of one token, or the number of a token or class")
    }
  }

  private static func variables(
    _ field: JobField, sources: Int, _ known: inout [String]
  ) throws(Refusal) -> [Int] {
    var numbers: [Int] = []
    for item in try field.items() {
      let name: String
      switch item.value.content {
      case .integer: name = "\(try item.int(in: 0...1_000_000))"
      default: name = try item.string()
      }
      guard !name.isEmpty, name.utf8.count <= 200 else {
        throw item.place.refusal("a name of \(name.utf8.count) bytes", expected: "1 to 200 bytes")
      }
      if let number = known.firstIndex(of: name) {
        guard !numbers.contains(number) else {
          throw item.place.refusal("\(quoted(name)) twice", expected: "each variable once")
        }
        numbers.append(number)
      } else {
        guard known.count < 10_000 else {
          throw item.place.refusal("the variable number 10001", expected: "at most 10000")
        }
        numbers.append(known.count)
        known.append(name)
      }
    }
    guard numbers.count == sources else {
      throw field.place.refusal(
        "\(numbers.count) variables", expected: "\(sources), one for each source")
    }
    return numbers
  }

  private static func places(
    _ field: JobField, in input: ExampleInput
  ) throws(Refusal) -> (positions: [String: [Int]], spans: [String: Range<Int>]) {
    let section = try field.anyTable()
    guard section.table.members.count <= 1000 else {
      throw field.place.refusal(
        "\(section.table.members.count) places", expected: "at most 1000")
    }
    var positions: [String: [Int]] = [:]
    var spans: [String: Range<Int>] = [:]
    for name in section.table.keys {
      guard let place = section.optional(name) else { continue }
      guard !name.isEmpty, name.utf8.count <= 200 else {
        throw place.place.refusal("a name of \(name.utf8.count) bytes", expected: "1 to 200 bytes")
      }
      switch place.value.content {
      case .integer: positions[name] = [try position(place)]
      case .list:
        var list: [Int] = []
        for item in try place.items() { list.append(try position(item)) }
        guard !list.isEmpty, Set(list).count == list.count else {
          throw place.place.refusal(
            "\(list.prefix(20))", expected: "one position at least, each once")
        }
        positions[name] = list
      default: spans[name] = try span(place, in: input)
      }
    }
    return (positions, spans)
  }

  private static func position(_ field: JobField) throws(Refusal) -> Int {
    try field.int(in: -lengthLimit...lengthLimit)
  }

  private static func span(_ field: JobField, in input: ExampleInput) throws(Refusal) -> Range<Int>
  {
    guard case .text(let prompt) = input else {
      throw field.refusal(expected: "a position or a list of them, since the prompt is no text")
    }
    var words = field
    var mention = 1
    if case .table = field.value.content {
      var f = try Fields(field, folder: "")
      _ = try f.required("text", .text.called("words of the prompt"), "Words of the prompt.")
      words = f.written("text") ?? field
      mention = try f.field("mention", .int(1...1_000_000), or: 1, "Which of its mentions.")
      _ = try f.end()
    }
    guard case .string(let text) = words.value.content else {
      throw words.refusal(
        expected: "a position such as 3 or -1, a list of them, words of the prompt, or "
          + "{\"text\": words, \"mention\": number}")
    }
    var start = 0
    for number in 1...mention {
      let rest = String(decoding: prompt.utf8.dropFirst(start), as: UTF8.self)
      guard let found = rest.firstUTF8Range(of: text) else {
        throw words.place.refusal(
          number == 1 ? quoted(text) : "\(quoted(text)) only \(number - 1) times",
          expected: "words of the prompt \(quoted(prompt))")
      }
      if number == mention { return start + found.lowerBound..<start + found.upperBound }
      start += found.upperBound
    }
    throw words.refusal(expected: "words of the prompt")
  }
}
