package import CausalModels
package import Inputs
package import JobFiles

/// A prompt as a file or a job holds it: its text or tokens, the answers to it, and other prompts whose
/// runs it is compared with or takes values from. No model has seen it yet.
package struct WrittenPrompt: Sendable {
  /// What the answer hangs on: bytes of the prompt's text, or tokens.
  package enum Subject: Sendable, Equatable {
    case bytes(Range<Int>)
    case tokens(Range<Int>)
  }

  /// Whether the base's places are those of sources too.
  enum PlaceSharing: Sendable {
    case none
    /// Where a source has them.
    case loose
    /// Of sources that are as long as the base, so that a number means the same in both.
    case alike
  }

  /// By which names of its fields the prompt is refused.
  package struct Keys: Sendable {
    package var base = "base"
    /// Of the only source; each of several is an item of `sources`.
    package var source = "source"
    package var answer = "label"
    package var foil = "foil"
    package var places = "places"
    var sourcePlaces = "source_places"
  }

  /// Its id in the data, or its number from 0.
  package let id: String
  /// What is read and what should be said: prompt, other prompts, answer (`label`) and foil.
  package var example: CounterfactualExample
  /// Whether the data tell the answer; else the clean run's most probable token is it, and the example's
  /// label says nothing.
  var hasAnswer = true
  package var subject: Subject?
  /// Whether the subject is found within a longer word alone.
  var subjectIsPart = false
  /// The prompt's text and the subject's, where they are told, if only beside tokens.
  package var text: String?
  package var subjectText: String?
  /// The answers' texts where they are told beside token ids, with the fields that they stand in.
  var answerBeside: (text: String, key: String)?
  var foilBeside: (text: String, key: String)?
  var sharing = PlaceSharing.none
  /// Whether the foil must be another token than the answer.
  var foilDiffers = false
  package internal(set) var keys = Keys()
  /// As a job would hold it.
  package var canonical = JobValue(.null)
  /// Where it stands.
  package let place: JobPlace

  package init(_ example: CounterfactualExample, id: String, at place: JobPlace) {
    (self.example, self.id, self.place) = (example, id, place)
    if case .text(let own) = example.base.content { text = own }
  }

  /// Where a source stands.
  package func place(ofSource number: Int) -> JobPlace {
    place.member(example.sources.count == 1 ? keys.source : "sources[\(number)]")
  }

  /// The same without the prompts that it is compared with.
  package var alone: WrittenPrompt {
    var alone = self
    alone.example.sources = []
    return alone
  }

  /// How many subjects are parts of longer words, on one line; nil for none.
  package static func partLine(_ prompts: [WrittenPrompt]) -> String? {
    let parts = prompts.filter(\.subjectIsPart)
    guard let first = parts.first else { return nil }
    return
      "\(parts.count) of \(prompts.count) subjects stand in their prompts only as parts of longer "
      + "words, first \(quoted(first.subjectText ?? "")) at \(first.place.field)"
  }

  /// Refuses the second of two with one id.
  static func refuseDuplicates(_ prompts: [WrittenPrompt]) throws(Refusal) {
    var places: [ByteKey: JobPlace] = [:]
    for prompt in prompts {
      if let first = places.updateValue(prompt.place, forKey: ByteKey(prompt.id)) {
        throw prompt.place.refusal(
          "the id \(quoted(prompt.id)), which \(first.field) has too", expected: "each id once")
      }
    }
  }
}

// MARK: Fields that prompts of all kinds have

extension Fields {
  /// The first that is given of fields that mean the same; those behind it are passed over.
  ///
  /// - Parameter agree: Whether they must say the same.
  package mutating func first<Value>(
    of names: [String], agree: Bool = false, _ type: FieldType<Value>, _ says: String
  ) throws(Refusal) -> (value: Value, key: String)? {
    var found: (value: Value, key: String)?
    for (number, name) in names.enumerated() {
      let says = number == 0 ? says : "The same, where \(names[number - 1]) is not given."
      if let first = found?.key {
        let other = try optional(name, .any(type.words), says)
        let texts = [other, written(first)?.value].map { $0.map(JobText.canonicalJSON) }
        guard agree, let other = texts[0], let own = texts[1], other != own else { continue }
        throw place(of: name).refusal(
          "\(escaped(other)) beside \(first) = \(escaped(own))",
          expected: "one of the two, since they mean the same")
      } else if let value = try optional(name, type, says) {
        found = (value, name)
      }
    }
    return found
  }
}

extension FieldType where Value == String {
  /// Text that is not blank.
  package static func words(_ what: String) -> FieldType {
    text.checked { (text, field) throws(Refusal) in
      guard !text.allSatisfy(\.isWhitespace) else {
        throw field.place.refusal("an empty text", expected: what)
      }
    }
  }

  static var promptID: FieldType {
    let words = "an integer or a text of 1 to 200 bytes"
    return FieldType(words, placeholder: "0", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      if case .integer(let number) = field.value.content { return "\(number)" }
      guard case .string(let text) = field.value.content, (1...200).contains(text.utf8.count)
      else { throw field.refusal(expected: words) }
      return text
    }
  }
}

extension FieldType where Value == Int {
  static var tokenID: FieldType { int(0...Int(Int32.max)) }
}

extension FieldType where Value == [Int] {
  static func tokenIDs(_ least: Int = 1) -> FieldType {
    list(of: .tokenID, "tokens", count: least...Int.max)
  }
}

extension FieldType where Value == ExampleInput {
  /// Positions, names of places, and features of a position, of one input.
  package static var lengthLimit: Int { 1 << 20 }

  /// Text, token ids or features.
  package static var input: FieldType {
    FieldType(
      "a prompt, a list of token ids, or a list of feature vectors, [[...], ...], one a position",
      placeholder: .tokens([0]), canonical: { _ in JobValue(.null) }
    ) { (field, _) throws(Refusal) in
      if case .string = field.value.content {
        return .text(try FieldType<String>.words("a prompt").value(of: field))
      }
      guard case .list(let list) = field.value.content else {
        throw field.refusal(
          expected: "a prompt, a list of token ids, or a list of feature vectors")
      }
      guard (1...lengthLimit).contains(list.count) else {
        throw field.place.refusal(
          "\(list.count) positions", expected: "1 to \(lengthLimit) of them")
      }
      guard case .list = list[0].content else {
        return .tokens(try FieldType<[Int]>.tokenIDs().value(of: field))
      }
      return .features(try features(field))
    }
  }

  private static func features(_ field: JobField) throws(Refusal) -> [[Double]] {
    var rows: [[Double]] = []
    for item in try field.items() {
      var row: [Double] = []
      for number in try item.items() {
        row.append(try number.double("a number that float32 holds") { abs($0) <= 3.4e38 })
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
    return rows
  }
}

extension FieldType where Value == ExampleLabel {
  /// - Parameter isClass: Whether it may be a class, and so true or false, too.
  package static func answer(isClass: Bool = false) -> FieldType {
    let words = "a text of one token, or the number of a token" + (isClass ? " or class" : "")
    return FieldType(
      words, placeholder: .index(0),
      canonical: { if case .text(let text) = $0 { .text(text) } else { JobValue(.null) } }
    ) { (field, _) throws(Refusal) in
      switch field.value.content {
      case .string: return .text(try FieldType<String>.words("an answer").value(of: field))
      case .integer: return .index(try FieldType<Int>.tokenID.value(of: field))
      case .bool(let flag) where isClass: return .index(flag ? 1 : 0)
      default: throw field.refusal(expected: words)
      }
    }.written(\.value)
  }
}

// MARK: Places

extension PlacedInput {
  var isFeatures: Bool { if case .features = content { true } else { false } }

  /// What a table of places may hold.
  static let placesWords =
    "a table of names: a position (from the end where negative), a list of them, words of the "
    + "prompt, or {\"text\": words, \"mention\": number}"

  /// Reads the places that a table names in this input.
  ///
  /// - Parameters:
  ///   - mayBeNowhere: Whether a list may be empty.
  ///   - taken: Names that mean something already.
  mutating func readPlaces(
    _ field: JobField, mayBeNowhere: Bool = false, apartFrom taken: [String] = []
  ) throws(Refusal) {
    let section = try field.anyTable()
    guard section.table.members.count <= 1000 else {
      throw field.place.refusal(
        "\(section.table.members.count) places", expected: "at most 1000")
    }
    let limit = FieldType<ExampleInput>.lengthLimit
    for name in section.table.keys {
      guard let place = section.optional(name) else { continue }
      guard !name.isEmpty, name.utf8.count <= 200 else {
        throw place.place.refusal("a name of \(name.utf8.count) bytes", expected: "1 to 200 bytes")
      }
      guard !taken.contains(name) else {
        throw place.place.refusal(
          "the name \(quoted(name)), which every prompt has a place of",
          expected: "a name other than \(taken.joined(separator: ", "))")
      }
      switch place.value.content {
      case .integer: positions[name] = [try place.int(in: -limit...limit)]
      case .list:
        var list: [Int] = []
        for item in try place.items() { list.append(try item.int(in: -limit...limit)) }
        guard mayBeNowhere || !list.isEmpty, Set(list).count == list.count else {
          throw place.place.refusal(
            "\(list.prefix(20))", expected: "one position at least, each once")
        }
        positions[name] = list
      default: spans[name] = try span(place)
      }
    }
  }

  /// The bytes of words of the prompt, or of one of their mentions.
  private func span(_ field: JobField) throws(Refusal) -> Range<Int> {
    guard case .text(let prompt) = content else {
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
    let mentions = prompt.wordRanges(of: text)
    guard mention <= mentions.count else {
      throw words.place.refusal(
        mentions.isEmpty ? quoted(text) : "\(quoted(text)) only \(mentions.count) times",
        expected: "words of the prompt \(quoted(prompt))")
    }
    return mentions[mention - 1]
  }
}
