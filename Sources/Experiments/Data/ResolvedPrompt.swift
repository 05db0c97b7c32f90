internal import Inputs
package import JobFiles

/// What one run of a model reads, with its places.
package struct ResolvedInput: Sendable {
  package enum Content: Sendable, Hashable {
    case tokens([Int])
    /// Feature vectors [positions][width] in place of tokens; a model without positions has one.
    case features([[Double]])
  }

  package let content: Content
  package let places: PromptPlaces

  /// Its token ids; none of features.
  package var ids: [Int] { if case .tokens(let ids) = content { ids } else { [] } }
  /// Its positions.
  package var count: Int { places.count }
}

/// A prompt as a model reads it: token ids (or features), roles and named places, the ids of its
/// answers, and the prompts whose runs it is compared with or takes values from.
package struct ResolvedPrompt: Sendable {
  package let id: String
  package let base: ResolvedInput
  package let sources: [ResolvedInput]
  /// A token or a class: what the model should say, after an intervention where there are sources.
  package let answer: Int
  /// What it should say without interventions; nil where the data does not tell.
  package let baseAnswer: Int?
  /// The answer that it is compared with; nil where the data names none.
  package let foil: Int?
  /// The variable that each source sets, by its number in the data; empty where they do not tell.
  package let variables: [Int]
  /// Whether each source by itself has the answer too; empty where the data does not tell.
  package let sourcesAgree: [Bool]
  /// Why it is left out before any run, in words; nil where it is not.
  var skipped: String?
  /// Where its answer could have been another token.
  var spelling: Spelling?
  /// Where it stands.
  package let place: JobPlace

  /// An answer that is one token with a space before it, and another without, where only what the prompt
  /// ends in says which is meant.
  struct Spelling: Sendable {
    let end: Character
    let text: String
    let other: String
    let otherID: Int
    let at: JobPlace

    /// One line of several; nil of none.
    static func line(_ prompts: [ResolvedPrompt]) -> String? {
      let all = prompts.compactMap(\.spelling)
      guard let first = all.first else { return nil }
      return
        "\(all.count) of \(prompts.count) answers are one token with a space and without: after "
        + "\(quoted(String(first.end))) \(quoted(first.text)) is meant, not \(quoted(first.other)) "
        + "(answer_id = \(first.otherID)), first at \(first.at.field)"
    }
  }

  package init(
    id: String, base: ResolvedInput, sources: [ResolvedInput] = [], answer: Int,
    baseAnswer: Int? = nil, foil: Int? = nil, variables: [Int] = [], sourcesAgree: [Bool] = [],
    at place: JobPlace
  ) {
    (self.id, self.base, self.sources) = (id, base, sources)
    (self.answer, self.baseAnswer, self.foil) = (answer, baseAnswer, foil)
    (self.variables, self.sourcesAgree, self.place) = (variables, sourcesAgree, place)
  }

  /// The prompt's tokens.
  package var ids: [Int] { base.ids }
  /// The tokens of the subject; nil where there is none.
  package var subject: Range<Int>? { base.places.roles?.subject }
  /// What a source is called in a refusal.
  func name(ofSource number: Int) -> String {
    sources.count == 1 ? "source" : "sources[\(number)]"
  }
  /// It in a refusal of another place.
  var name: String { "\(place.file), \(place.field)" }
}
