internal import Cluster
internal import JobFiles

/// What is done with an answer of several tokens.
package enum LongAnswers: String, CaseIterable, Sendable {
  /// Its prompt is skipped, with the reason.
  case oneToken = "one_token"
  /// The first of them stands for it.
  case firstToken = "first_token"
  /// Teacher forcing: the answer's probability is the product of its tokens', each given the prompt
  /// and the tokens before it.
  case allTokens = "all_tokens"

  /// What a field says of those that it may be.
  package static func says(_ choices: [LongAnswers], _ noun: String) -> String {
    let each = choices.map { choice in
      switch choice {
      case .oneToken:
        "one_token: a \(noun) whose answer or foil is of several tokens is skipped and counted"
      case .firstToken: "first_token: the first of them stands for it"
      case .allTokens:
        "all_tokens: the probability is that of all of them, each given those before it (teacher "
          + "forcing)"
      }
    }
    return each.joined(separator: "; ") + ". An id beside an answer's text is the answer, one token"
      + (choices.contains(.allTokens)
        ? "; with all_tokens it must be the text's first, and the others are read too." : ".")
  }

  /// For how many prompts a first token stands, on one line; nil for none.
  package static func shortenedLine(_ prompts: [ResolvedPrompt], _ plural: String) -> String? {
    let places = prompts.compactMap(\.shortened)
    guard let first = places.first else { return nil }
    return
      "\(RunNeeds.count(places.count)) of \(RunNeeds.count(prompts.count)) \(plural) have answers of "
      + "several tokens: the first stands for them, first at \(first.field)"
  }

  /// How many prompts are skipped for their answers' tokens, on one line; nil for none.
  ///
  /// - Parameter first: Where the first of them is.
  package static func skippedLine(_ count: Int, of all: Int, _ plural: String, first: String?)
    -> String?
  {
    guard count > 0, let first else { return nil }
    return
      "\(RunNeeds.count(count)) of \(RunNeeds.count(all)) \(plural) skipped: answers or foils of "
      + "several tokens, first at \(first)"
  }
}
