/// In which passes of a generation interventions act, and for which examples.
public struct GenerationPasses: Sendable {
  /// One later pass of one example, before it runs.
  public struct Step: Sendable {
    /// The pass after the prompt's, from 0.
    public let index: Int
    /// The example, from 0.
    public let example: Int
    /// Its new tokens so far; the last of them is what the pass reads.
    public let generated: [Int]
  }

  /// Whether the prompt is changed, at each entry's places; entries without places then act in
  /// every pass. Otherwise entries act in the later passes alone.
  public var actsOnPrompt: Bool
  /// Whether entries without places act on the prompt even so, since the reference holds back only
  /// those that have places.
  public var reachesPromptWithoutPlaces = false
  /// Whether entries act in a later pass of an example; nil: in all of them.
  public var chooses: (@Sendable (Step) -> Bool)?

  /// The prompt or what follows it.
  ///
  /// - Parameter chooses: Of the later passes, those in which entries act.
  public init(actsOnPrompt: Bool, where chooses: (@Sendable (Step) -> Bool)?) {
    self.actsOnPrompt = actsOnPrompt
    self.chooses = chooses
  }

  /// The prompt or what follows it.
  ///
  /// - Parameter steps: The later passes in which entries act, from 0; nil: all of them.
  public init(actsOnPrompt: Bool, steps: Set<Int>? = nil) {
    self.actsOnPrompt = actsOnPrompt
    if let steps { chooses = { steps.contains($0.index) } }
  }
}
