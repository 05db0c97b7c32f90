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

/// A base input, the sources whose states are put into its run, and what the model should then say.
package struct CounterfactualExample: Sendable, Equatable {
  package var base: ExampleInput
  /// What the model should say without interventions; nil where the data does not tell.
  package var baseLabel: ExampleLabel?
  package var sources: [ExampleInput]
  /// What the model should say after the intervention.
  package var label: ExampleLabel
  /// Whether each source by itself has the label too; empty where the data does not tell.
  package var sourcesAgree: [Bool] = []
  /// A wrong answer that the label is compared with; nil stands for the base's.
  package var foil: ExampleLabel?
  /// The intervened variables, by their place in the data's list of them; source i goes to variable
  /// i. Empty where the data does not tell.
  package var variables: [Int]
  /// Token positions that have a name in the base, such as "subject_last": [4].
  package var basePlaces: [String: [Int]]
  /// The same for each source.
  package var sourcePlaces: [[String: [Int]]]
  /// Places of a text that is still to be tokenized, as offsets in its UTF-8.
  package var baseSpans: [String: Range<Int>]
  /// The same for each source.
  package var sourceSpans: [[String: Range<Int>]]

  package init(
    base: ExampleInput, baseLabel: ExampleLabel? = nil, sources: [ExampleInput],
    label: ExampleLabel, foil: ExampleLabel? = nil, variables: [Int] = [],
    basePlaces: [String: [Int]] = [:],
    sourcePlaces: [[String: [Int]]] = [], baseSpans: [String: Range<Int>] = [:],
    sourceSpans: [[String: Range<Int>]] = []
  ) {
    self.base = base
    self.baseLabel = baseLabel
    self.sources = sources
    self.label = label
    self.foil = foil
    self.variables = variables
    self.basePlaces = basePlaces
    self.sourcePlaces = sourcePlaces
    self.baseSpans = baseSpans
    self.sourceSpans = sourceSpans
  }
}
