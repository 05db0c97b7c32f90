/// What one run of a model reads.
package enum ExampleInput: Sendable, Hashable {
  /// A prompt that is still to be tokenized.
  case text(String)
  case tokens([Int])
  /// Feature vectors [positions][width] in place of tokens; a model without positions has one.
  case features([[Double]])
}

/// What a model should answer.
package enum ExampleLabel: Sendable, Equatable {
  /// An answer that is still to be tokenized, and must be one token.
  case text(String)
  /// A token or a class.
  case index(Int)
}

/// An input with the places in it that have a name.
package struct PlacedInput: Sendable, Equatable {
  package var content: ExampleInput
  /// Positions, from the end where negative, such as "subject_last": [4].
  package var positions: [String: [Int]]
  /// Places of a text that is still to be tokenized, as offsets in its UTF-8.
  package var spans: [String: Range<Int>]

  package init(
    _ content: ExampleInput, positions: [String: [Int]] = [:], spans: [String: Range<Int>] = [:]
  ) {
    (self.content, self.positions, self.spans) = (content, positions, spans)
  }
}

/// A base input, the sources whose states are put into its run, and what the model should then say.
package struct CounterfactualExample: Sendable, Equatable {
  package var base: PlacedInput
  /// What the model should say without interventions; nil where the data does not tell.
  package var baseLabel: ExampleLabel?
  package var sources: [PlacedInput] = []
  /// What the model should say after the intervention.
  package var label: ExampleLabel
  /// Whether each source by itself has the label too; empty where the data does not tell.
  package var sourcesAgree: [Bool] = []
  /// A wrong answer that the label is compared with; nil stands for the base's.
  package var foil: ExampleLabel?
  /// The intervened variables, by their place in the data's list of them; source i goes to variable
  /// i. Empty where the data does not tell.
  package var variables: [Int] = []

  package init(base: PlacedInput, baseLabel: ExampleLabel? = nil, label: ExampleLabel) {
    (self.base, self.baseLabel, self.label) = (base, baseLabel, label)
  }
}
