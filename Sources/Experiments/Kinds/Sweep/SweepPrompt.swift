/// A prompt of a sweep as its run's folder keeps it.
struct SweepPrompt: Sendable, Codable {
  let id: String
  /// Token ids and texts.
  let ids: [Int]
  let tokens: [String]
  /// The prompt's text where it is another than that of its tokens one by one.
  let text: String?
  /// Of the prompt that it is compared with; empty where there is none.
  let otherIDs: [Int]
  let otherTokens: [String]
  let answerID: Int
  let answer: String
  let foilID: Int?
  let foil: String?
  /// Tokens of the other run that have noise on their embeddings.
  let noised: [Int]

  init(_ prompt: ResolvedPrompt, noised: [Int], by prompts: any PromptTokenizer) {
    (id, ids, answerID, foilID) = (prompt.id, prompt.ids, prompt.answer, prompt.foil)
    otherIDs = noised.isEmpty ? prompt.sources.first?.ids ?? [] : prompt.ids
    (tokens, otherTokens) = (ids.map(prompts.text), otherIDs.map(prompts.text))
    (answer, foil) = (prompts.text(answerID), foilID.map(prompts.text))
    let text = prompts.text(ids)
    self.text = text == tokens.joined() ? nil : text
    self.noised = noised
  }
}
