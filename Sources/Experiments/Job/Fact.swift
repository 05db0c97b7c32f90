package import Inputs

/// A sentence to complete, whose answer hangs on its subject.
///
/// Three forms are read. Text: `prompt`, `subject`, `answer`. That of the known facts of Meng et
/// al., 2022, which calls the answer `attribute` and the id `known_id`. And tokens: `input_ids`,
/// `subject_range` (first token and one past the last), `answer_id`. Each may have `id` and a foil
/// (`foil` or `foil_id`), an answer to compare with. Other fields are passed over.
package struct Fact: Sendable, Equatable {
  /// Token ids that came with the fact, and so are not made from its text.
  package struct Tokens: Sendable, Equatable {
    package let ids: [Int]
    package let subject: Range<Int>
    package let answer: Int
    package let foil: Int?
  }

  /// Its id in the data, or its number from 0.
  package let id: String
  package let prompt: String?
  package let subject: String?
  package let answer: String?
  package let foil: String?
  package let tokens: Tokens?
  /// Where it stands.
  package let place: JobPlace

  /// - Parameter number: The id of a fact that has none.
  package init(_ field: JobField, number: Int) throws(Refusal) {
    let section = try field.anyTable()
    place = field.place
    id = try Self.id(section) ?? "\(number)"
    prompt = try Self.text("prompt", in: section)
    subject = try Self.text("subject", in: section)
    let attribute = try Self.text("attribute", in: section)
    answer = try Self.text("answer", in: section) ?? attribute
    foil = try Self.text("foil", in: section)
    tokens = try Self.tokens(section)
    if tokens == nil {
      let texts = [("prompt", prompt), ("subject", subject), ("answer", answer)]
      let missing = texts.filter { $0.1 == nil }.map { "no \($0.0)" }
      guard missing.isEmpty else {
        throw place.refusal(
          missing.joined(separator: ", "),
          expected: "prompt, subject and answer (or attribute); or input_ids, subject_range and "
            + "answer_id")
      }
    }
    if let prompt, let subject, prompt.firstUTF8Range(of: subject) == nil {
      throw section.place(of: "subject").refusal(
        "\(quoted(subject)), which is not in the prompt \(quoted(prompt))",
        expected: "words of the prompt")
    }
    if let foil, foil == answer {
      throw section.place(of: "foil").refusal(
        quoted(foil), expected: "another text than the answer")
    }
  }

  private static func id(_ section: JobSection) throws(Refusal) -> String? {
    guard let field = section.optional("id") ?? section.optional("known_id") else { return nil }
    if case .integer(let number) = field.value.content { return "\(number)" }
    guard case .string(let text) = field.value.content, (1...200).contains(text.utf8.count) else {
      throw field.refusal(expected: "an integer or a text of 1 to 200 bytes")
    }
    return text
  }

  private static func text(_ key: String, in section: JobSection) throws(Refusal) -> String? {
    guard let field = section.optional(key) else { return nil }
    let text = try field.string()
    guard !text.allSatisfy(\.isWhitespace) else {
      throw field.place.refusal("an empty text", expected: "the \(key) of a fact")
    }
    return text
  }

  private static func tokens(_ section: JobSection) throws(Refusal) -> Tokens? {
    let keys = ["input_ids", "subject_range", "answer_id"]
    let missing = keys.filter { section.optional($0) == nil }
    guard missing.count < keys.count else { return nil }
    guard let ids = section.optional("input_ids"), let range = section.optional("subject_range"),
      let answer = section.optional("answer_id")
    else {
      throw section.place.refusal(
        missing.map { "no \($0)" }.joined(separator: ", "),
        expected: "input_ids, subject_range and answer_id together")
    }
    func id(_ field: JobField) throws(Refusal) -> Int { try field.int(in: 0...Int(Int32.max)) }
    var numbers: [Int] = []
    for item in try ids.items() { numbers.append(try id(item)) }
    guard !numbers.isEmpty else {
      throw ids.place.refusal("no tokens", expected: "a prompt of at least one token")
    }
    var bounds: [Int] = []
    for item in try range.items() { bounds.append(try id(item)) }
    guard bounds.count == 2, bounds[0] < bounds[1], bounds[1] <= numbers.count else {
      throw range.place.refusal(
        "[\(bounds.prefix(8).map(String.init).joined(separator: ", "))]",
        expected: "the subject's first token and one past its last, within \(numbers.count) tokens")
    }
    let foil = try section.optional("foil_id").map(id)
    let answerID = try id(answer)
    guard foil != answerID else {
      throw section.place(of: "foil_id").refusal(
        "\(answerID), the answer_id", expected: "another token than the answer")
    }
    return Tokens(ids: numbers, subject: bounds[0]..<bounds[1], answer: answerID, foil: foil)
  }

  /// The fact as a job would hold it.
  package var canonical: JobValue {
    .fields([
      "id": .text(id), "prompt": prompt.map(JobValue.text), "subject": subject.map(JobValue.text),
      "answer": answer.map(JobValue.text), "foil": foil.map(JobValue.text),
      "input_ids": tokens.map { .items($0.ids.map(JobValue.int)) },
      "subject_range": tokens.map {
        .items([.int($0.subject.lowerBound), .int($0.subject.upperBound)])
      },
      "answer_id": tokens.map { .int($0.answer) }, "foil_id": tokens?.foil.map(JobValue.int),
    ])
  }

  /// Refuses the second of two facts with one id.
  package static func refuseDuplicates(_ facts: [Fact]) throws(Refusal) {
    var places: [ByteKey: JobPlace] = [:]
    for fact in facts {
      if let first = places.updateValue(fact.place, forKey: ByteKey(fact.id)) {
        throw fact.place.refusal(
          "the id \(quoted(fact.id)), which \(first.field) has too", expected: "each id once")
      }
    }
  }
}
