package import Inputs
package import JobFiles

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
  /// The prompt of the corrupted run, as text or as tokens, where a job takes one.
  package let counterfactual: String?
  package let counterfactualIDs: [Int]?
  /// Where it stands.
  package let place: JobPlace

  /// - Parameter number: The id of a fact that has none.
  package init(_ field: JobField, number: Int) throws(Refusal) {
    var f = try Fields(field, folder: "")
    try self.init(&f, number: number)
  }

  init(_ f: inout Fields, number: Int) throws(Refusal) {
    place = f.place
    let own = try f.optional("id", .factID, usually: "its number, from 0", "Its name in the data.")
    let known = try f.optional("known_id", .factID, "The same, as the known facts call it.")
    id = own ?? known ?? "\(number)"
    func text(_ key: String, _ says: String) throws(Refusal) -> String? {
      try f.optional(
        key,
        .text.checked { (text, field) throws(Refusal) in
          guard !text.allSatisfy(\.isWhitespace) else {
            throw field.place.refusal("an empty text", expected: "the \(key) of a fact")
          }
        }, says)
    }
    prompt = try text("prompt", "A sentence up to its answer.")
    subject = try text("subject", "Words of the prompt that the answer hangs on.")
    let attribute = try text("attribute", "The answer, as the known facts call it.")
    answer = try text("answer", "The next word, of which the first token counts.") ?? attribute
    foil = try text(
      "foil", "Another answer, whose logit a logit difference takes off that of the answer.")
    tokens = try Self.tokens(&f)
    counterfactual = try text(
      "counterfactual",
      "The prompt of the corrupted run with corrupt.by = \"counterfactual\", of as many tokens.")
    counterfactualIDs = try f.optional(
      "counterfactual_ids", .list(of: .int(0...Int(Int32.max)), "tokens"),
      apartFrom: ["counterfactual"], "The same as tokens.")
    guard !f.isManual else { return }
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
      throw f.place(of: "subject").refusal(
        "\(quoted(subject)), which is not in the prompt \(quoted(prompt))",
        expected: "words of the prompt")
    }
    if let foil, foil == answer {
      throw f.place(of: "foil").refusal(quoted(foil), expected: "another text than the answer")
    }
  }

  private static func tokens(_ f: inout Fields) throws(Refusal) -> Tokens? {
    let id = FieldType.int(0...Int(Int32.max))
    let ids = try f.optional(
      "input_ids", .list(of: id, "tokens"), "The prompt as tokens, in place of its text.")
    let range = try f.optional(
      "subject_range", .list(of: id, "tokens", count: 2...2),
      "The subject's first token and one past its last.")
    let answer = try f.optional("answer_id", id, "The answer's token.")
    let foil = try f.optional("foil_id", id, "The foil's token.")
    let missing = ["input_ids", "subject_range", "answer_id"].filter { !f.has($0) }
    guard missing.count < 3 else { return nil }
    guard let ids, let range, let answer else {
      throw f.place.refusal(
        missing.map { "no \($0)" }.joined(separator: ", "),
        expected: "input_ids, subject_range and answer_id together")
    }
    guard range[0] < range[1], range[1] <= ids.count else {
      throw f.place(of: "subject_range").refusal(
        "[\(range[0]), \(range[1])]",
        expected: "the subject's first token and one past its last, within \(ids.count) tokens")
    }
    guard foil != answer else {
      throw f.place(of: "foil_id").refusal(
        "\(answer), the answer_id", expected: "another token than the answer")
    }
    return Tokens(ids: ids, subject: range[0]..<range[1], answer: answer, foil: foil)
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
      "counterfactual": counterfactual.map(JobValue.text),
      "counterfactual_ids": counterfactualIDs.map { .items($0.map(JobValue.int)) },
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

extension FieldType where Value == String {
  fileprivate static var factID: FieldType {
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
