internal import Prompts

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
  /// −1 and empty where the clean run tells.
  let answerID: Int
  let answer: String
  let foilID: Int?
  let foil: String?
  /// Tokens of the other run that have noise on their embeddings.
  let noised: [Int]
  /// Whether the clean run's most probable token is the answer: nil stands for no.
  private let top: Bool?

  init(_ prompt: ResolvedPrompt, noised: [Int], by prompts: any PromptTokenizer) {
    (id, ids, foilID) = (prompt.id, prompt.ids, prompt.foil)
    top = prompt.takesTop ? true : nil
    answerID = prompt.takesTop ? -1 : prompt.answer
    otherIDs = noised.isEmpty ? prompt.sources.first?.ids ?? [] : prompt.ids
    (tokens, otherTokens) = (ids.map(prompts.text), otherIDs.map(prompts.text))
    answer = prompt.takesTop ? "" : prompts.text(answerID)
    foil = foilID.map(prompts.text)
    let text = prompts.text(ids)
    self.text = text == tokens.joined() ? nil : text
    self.noised = noised
  }

  var takesTop: Bool { top ?? false }
}
