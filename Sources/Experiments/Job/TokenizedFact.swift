package import Inputs
internal import JobFiles

/// A fact as a model sees it.
package struct TokenizedFact: Sendable, Equatable {
  package let fact: Fact
  package let ids: [Int]
  /// The text of each token.
  package let tokens: [String]
  /// Where the subject lies, and so the role of each position.
  package let roles: PromptRoles
  package let answerID: Int
  /// The answer's token as text, with its leading space.
  package let answer: String
  /// The token that the answer is compared with; nil stands for the clean run's runner-up.
  package let foilID: Int?

  /// Tokenises a fact, or checks the tokens that came with it.
  ///
  /// The subject is where it first stands in the prompt, and its tokens are all that overlap it.
  /// The answer follows a space, unless the prompt ends in one, and must be one token.
  package init(_ fact: Fact, by tokenizer: some PromptTokenizer) throws(Refusal) {
    self.fact = fact
    let place = fact.place
    func check(_ id: Int, _ key: String) throws(Refusal) -> String {
      guard id < tokenizer.count, let text = tokenizer.token(id) else {
        throw place.member(key).refusal(
          "token \(id)", expected: "a token from 0 to \(tokenizer.count - 1)")
      }
      return text
    }
    if let given = fact.tokens {
      (ids, answerID) = (given.ids, given.answer)
      roles = PromptRoles(tokenCount: given.ids.count, subject: given.subject)
      let foil = try fact.foil.map { (foil) throws(Refusal) in
        try Self.follow(foil, "foil", fact, prompt: given.ids, tokenizer)
      }
      foilID = given.foil ?? foil
    } else {
      let prompt = fact.prompt ?? ""
      let encoded = try tokenizer.encodeWithOffsets(prompt)
      ids = encoded.map(\.id)
      guard let subject = Self.subject(fact, in: encoded.map(\.utf8Range)) else {
        throw place.member("prompt").refusal(
          "\(quoted(prompt)), in which no token covers the subject",
          expected: "a prompt that the tokenizer keeps")
      }
      roles = PromptRoles(tokenCount: ids.count, subject: subject)
      answerID = try Self.follow(fact.answer ?? "", "answer", fact, prompt: ids, tokenizer)
      foilID = try fact.foil.map { [ids] (foil) throws(Refusal) in
        try Self.follow(foil, "foil", fact, prompt: ids, tokenizer)
      }
    }
    var tokens: [String] = []
    for id in ids { tokens.append(try check(id, "input_ids")) }
    self.tokens = tokens
    answer = try check(answerID, "answer_id")
    if let foilID {
      _ = try check(foilID, "foil_id")
      guard foilID != answerID else {
        throw place.member("foil").refusal(
          "the answer's own token \(quoted(answer))", expected: "another token")
      }
    }
  }

  /// The tokens that share a byte with the subject.
  private static func subject(_ fact: Fact, in ranges: [Range<Int>]) -> Range<Int>? {
    guard let prompt = fact.prompt, let subject = fact.subject,
      let bytes = prompt.firstUTF8Range(of: subject)
    else { return nil }
    let covering = ranges.indices.filter { ranges[$0].overlaps(bytes) }
    guard let first = covering.first, let last = covering.last else { return nil }
    return first..<last + 1
  }

  private static func follow(
    _ text: String, _ key: String, _ fact: Fact, prompt ids: [Int],
    _ tokenizer: some PromptTokenizer
  ) throws(Refusal) -> Int {
    try tokenizer.token(text, following: fact.prompt ?? "", ids, at: fact.place.member(key))
  }

  /// Refuses a prompt that the model has no room for.
  package func check(contextLength: Int, model: String) throws(Refusal) {
    guard ids.count <= contextLength else {
      throw fact.place.member("prompt").refusal(
        "\(ids.count) tokens",
        expected: "at most \(contextLength) tokens, the context of \(escaped(model))")
    }
  }
}
