internal import Cluster
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
  /// The answer's tokens after its first, which teacher forcing reads too; empty without it.
  package var answerRest: [Int] = []
  /// Whether the clean run's most probable token is the answer, and `answer` says nothing.
  package var takesTop = false
  /// Why it is left out before any run, in words; nil where it is not.
  package var skipped: String?
  /// The answer's whole text where its first token stands for it, or would if it were not left out.
  package var answerText: String?
  /// Where the first token stands for an answer or foil of several, first; nil where none does.
  var shortened: JobPlace?
  /// Which of its answers could have been other tokens.
  var spellings: [Spelling] = []
  /// Where it stands.
  package let place: JobPlace

  /// An answer that could have been other tokens.
  package struct Spelling: Sendable {
    /// What the prompt ends in.
    package let end: Character?
    /// The answer with or without its space.
    package let text: String
    /// Where it is one other token with a space before it, or without, and only how the prompt ends says
    /// which is meant: the one that is not. Nil where the prompt's end would take it in.
    package let other: (text: String, id: Int)?
    /// Its field, where a number would settle it.
    package let key: String
    package let at: JobPlace

    /// A line for each of the two kinds, a prompt counted once; none without.
    package static func lines(_ prompts: [ResolvedPrompt]) -> [String] {
      func line(
        _ isMeant: (Spelling) -> Bool, _ says: (_ first: Spelling, _ end: String) -> String
      ) -> [String] {
        let some = prompts.compactMap { $0.spellings.first(where: isMeant) }
        guard let first = some.first else { return [] }
        let end = quoted(first.end.map { String($0) } ?? "")
        return [
          "\(some.count) of \(prompts.count) answers \(says(first, end)), first at "
            + first.at.field
        ]
      }
      return line({ $0.other != nil }) { first, end in
        "are other tokens with a space than without: after \(end) \(quoted(first.text)) is meant, "
          + "not \(quoted(first.other?.text ?? "")) (\(first.key) = \(first.other?.id ?? 0))"
      }
        + line({ $0.other == nil }) { first, end in
          "would be one token with the end of their prompts: after \(end) the answer's own "
            + "\(quoted(first.text)) is meant"
        }
    }

    /// The same of each split of a job's examples.
    package static func lines(_ items: [Split: [ResolvedPrompt]]) -> [String] {
      Split.allCases.flatMap { split in
        lines(items[split] ?? []).map { "\(split.rawValue): \($0)" }
      }
    }
  }

  /// How many have no answer in the data, on one line; nil where all have one.
  package static func topLine(_ count: Int, of all: Int, _ plural: String) -> String? {
    guard count > 0 else { return nil }
    return
      "\(RunNeeds.count(count)) of \(RunNeeds.count(all)) \(plural) have no answer in the data: "
      + "the clean run's most probable token is taken"
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
  /// The answer's tokens that are read: the first, or with teacher forcing all.
  package var answers: [Int] { [answer] + answerRest }
  /// The tokens of a prompt, such as this one's, with those of the answer behind it that others are
  /// read after.
  package func forced(_ prompt: [Int]) -> [Int] { prompt + answers.dropLast() }
  /// The tokens of the subject; nil where there is none.
  package var subject: Range<Int>? { base.places.roles?.subject }
  /// What a source is called in a refusal.
  package func name(ofSource number: Int) -> String {
    sources.count == 1 ? "source" : "sources[\(number)]"
  }
  /// It in a refusal of another place.
  package var name: String { "\(place.file), \(place.field)" }
}
