internal import Autodiff
public import Models
public import Tensors

/// Generates tokens one after another, with interventions in some passes.
///
/// The first pass is over the prompts, each later one over one new token of each example. In a later
/// pass the places of an entry are those of that one position, 0. The last token that is generated
/// never goes through the model. Decoders keep their keys and values, unless all keys turn anew on the
/// way (longrope); those and other language models run over the whole sequences again, with the changes
/// of earlier passes made again.
public struct Generation<Scalar: Real> {
  /// In which passes interventions act.
  public typealias Passes = GenerationPasses

  /// What a run gave.
  public struct Result {
    /// Prompt and new tokens of each example.
    public let tokens: [[Int]]
    /// What each collecting entry handed out, entry by entry, pass by pass.
    public let collected: [Tensor<Scalar>]
  }

  let model: any IntervenableModel<Scalar>
  let positionLimit: Int?
  let run: InterventionRun<Scalar>
  let setup: InterventionSetup<Scalar>
  let passes: Passes

  /// Generation by a language model, whose logits are a row for each position.
  public init(
    _ model: some TrainableModel<Scalar>, _ setup: InterventionSetup<Scalar>, passes: Passes
  ) {
    positionLimit = model.inputLimits.positions
    self.model = model.showing(Set(setup.entries.map(\.site)))
    self.setup = setup
    self.passes = passes
    run = InterventionRun(model, setup)
  }

  /// Generates from a call that `check` accepts, whose base is tokens.
  ///
  /// - Parameters:
  ///   - count: New tokens of each example.
  ///   - end: What ends an example before; nothing is then collected of it any more.
  ///   - choose: The next token of each example, from logits `[examples, vocabulary]` and what it has
  ///     already, its prompt included.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, count: Int, end: GenerationEnd = GenerationEnd(),
    choosing choose: (Tensor<Scalar>, [[Int]]) -> [Int]
  ) -> Result {
    let result = generate(call, count: count, end: end) { logits, tokens in
      choose(logits, tokens).enumerated().map { ($0, $1) }
    }
    return Result(
      tokens: result.tokens, collected: result.collected.flatMap { $0.map(\.value) })
  }

  /// Generates from a call that `check` accepts, whose base is tokens, each example to its last token.
  ///
  /// - Parameters:
  ///   - count: New tokens of each example.
  ///   - choose: The next token of each example, from logits `[examples, vocabulary]`.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, count: Int, choose: (Tensor<Scalar>) -> [Int]
  ) -> Result {
    self(call, count: count, choosing: { logits, _ in choose(logits) })
  }

  /// Generates the most probable continuation of each prompt among those that a beam search finds.
  ///
  /// Interventions act on each continuation's own activations. Collected is what the continuation
  /// that is returned came by.
  ///
  /// - Parameters:
  ///   - count: New tokens of each example.
  ///   - beams: Continuations of each example that are followed.
  /// - Precondition: `keepsKeys`.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, count: Int, beams: Int
  ) -> Result {
    var search = BeamSearch<Scalar>(count: beams, prompts: call.base.lengths.count)
    var origins: [[Int]] = []
    let result = generate(call.repeated(beams), count: count) { logits, _ in
      let chosen = search.choose(logits)
      origins.append(chosen.map(\.from))
      return chosen
    }
    let best = search.best
    // Which sequence of each pass the best ones go back to; the last choice is of no pass.
    var ancestors = [best]
    for origin in origins.reversed() {
      ancestors.append(ancestors[ancestors.count - 1].map { origin[$0] })
    }
    ancestors = Array(ancestors.reversed())
    return Result(
      tokens: best.map { result.tokens[$0] },
      collected: result.collected.flatMap { values in
        values.map { pass, value in
          let rows = value.reshaped([value.shape[0], value.count / max(1, value.shape[0])])
          return rows.gathered(ancestors[pass])
            .reshaped([best.count] + value.shape.dropFirst())
        }
      })
  }

  /// Whether keys and values of the prompts are kept while so many tokens are added to each.
  public func keepsKeys(_ call: InterventionCall<Scalar>, count: Int) -> Bool {
    GrowingSequences.keeping(model, call.base.lengths, count: count) != nil
  }

  private typealias Collected = [[(pass: Int, value: Tensor<Scalar>)]]

  /// - Parameter choose: For each sequence the one that it goes on from, and its next token.
  private func generate(
    _ call: InterventionCall<Scalar>, count: Int, end: GenerationEnd = GenerationEnd(),
    choose: (Tensor<Scalar>, [[Int]]) -> [(from: Int, token: Int)]
  ) -> (tokens: [[Int]], collected: Collected) {
    guard case .tokens(let prompts) = call.base else {
      preconditionFailure("generation begins with tokens")
    }
    let tape = Tape<Scalar>()
    let bound = run.prepared(setup.bound(on: tape), on: tape)
    let sources = run.sourceUnits(call, bound, on: tape)
    var tokens = prompts
    var sequences = GrowingSequences(model, prompts.map(\.count), count: count)
    var collected = Collected(repeating: [], count: setup.entries.count)
    // What has ended goes on in the batch, unchanged and unread.
    var ended = Set(
      prompts.indices.filter { end.isReached(prompts[$0], prompt: prompts[$0].count) })
    var lengths = prompts.map(\.count)
    for pass in 0..<count where ended.count < prompts.count {
      let new = pass == 0 ? prompts : tokens.map { [$0[$0.count - 1]] }
      let examples = examples(in: pass, tokens, prompts, ended)
      let entries = setup.entries.indices.filter {
        acts($0, in: pass, call) && examples?.isEmpty != true
      }
      let actions = run.actions(
        entries, call, bound, sources, lengths: InputLengths(new.map(\.count)), collecting: true,
        examples: examples, on: tape)
      let touched = actions.flatMap { run.touches($0.entry, $0.action.places) }
      let logits = sequences.advance(
        new, touched: Set(touched.map { SiteOfLayer($0.site, $0.layer) }), on: tape,
        visit: run.visitor(actions, [], on: tape))
      for (index, action) in actions {
        guard let collector = action.collector, !collector.isEmpty else { continue }
        collected[index].append(
          (pass, run.collectedValue(action, collector, on: tape).value))
      }
      let chosen = choose(logits, tokens)
      let order = chosen.map(\.from)
      if order != Array(order.indices) { sequences.reorder(order) }
      tokens = chosen.map { tokens[$0.from] + [$0.token] }
      for example in tokens.indices where !ended.contains(example) {
        lengths[example] = tokens[example].count
        if end.isReached(tokens[example], prompt: prompts[example].count) { ended.insert(example) }
      }
    }
    return (zip(tokens, lengths).map { Array($0.prefix($1)) }, collected)
  }

  /// The examples in which entries act; nil: all.
  private func examples(
    in pass: Int, _ tokens: [[Int]], _ prompts: [[Int]], _ ended: Set<Int>
  ) -> Set<Int>? {
    let chooses = pass > 0 ? passes.chooses : nil
    if chooses == nil, ended.isEmpty { return nil }
    let chosen = tokens.indices.filter { example in
      if ended.contains(example) { return false }
      guard let chooses else { return true }
      return chooses(
        Passes.Step(
          index: pass - 1, example: example,
          generated: Array(tokens[example].dropFirst(prompts[example].count))))
    }
    return chosen.count == tokens.count ? nil : Set(chosen)
  }

  /// Whether an entry acts in a pass; pass 0 is the prompt's.
  private func acts(_ entry: Int, in pass: Int, _ call: InterventionCall<Scalar>) -> Bool {
    let isEverywhere = call.places[entry].base == .whole
    if pass > 0 { return !passes.actsOnPrompt || isEverywhere }
    return passes.actsOnPrompt || (isEverywhere && passes.reachesPromptWithoutPlaces)
  }
}
