internal import Autodiff
public import Models
public import Tensors

/// Generates tokens one after another, keys and values kept, with interventions in some passes.
///
/// The first pass is over the prompts, each later one over one new token of each example. In a later
/// pass the places of an entry are those of that one position, 0. The last token that is generated
/// never goes through the model.
public struct Generation<Scalar: Real> {
  /// In which passes interventions act.
  public struct Passes: Sendable, Equatable {
    /// Whether the prompt is changed, at each entry's places; entries without places then act in
    /// every pass. Otherwise all entries act in the later passes alone.
    public var actsOnPrompt: Bool
    /// The later passes in which entries act, from 0; nil: all of them.
    public var steps: Set<Int>?

    /// The prompt or what follows it.
    public init(actsOnPrompt: Bool, steps: Set<Int>? = nil) {
      self.actsOnPrompt = actsOnPrompt
      self.steps = steps
    }
  }

  /// What a run gave.
  public struct Result {
    /// Prompt and new tokens of each example.
    public let tokens: [[Int]]
    /// What each collecting entry handed out, entry by entry, pass by pass.
    public let collected: [Tensor<Scalar>]
  }

  let model: DecoderModel<Scalar>
  let run: InterventionRun<Scalar>
  let setup: InterventionSetup<Scalar>
  let passes: Passes

  /// Generation by a decoder, which keeps its keys and values.
  public init(
    _ model: DecoderModel<Scalar>, _ setup: InterventionSetup<Scalar>, passes: Passes
  ) {
    self.model = model.showing(Set(setup.entries.map(\.site)))
    self.setup = setup
    self.passes = passes
    run = InterventionRun(model, setup)
  }

  /// Generates from a call that `check` accepts, whose base is tokens.
  ///
  /// - Parameters:
  ///   - count: New tokens of each example.
  ///   - choose: The next token of each example, from logits `[examples, vocabulary]`.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, count: Int, choose: (Tensor<Scalar>) -> [Int]
  ) -> Result {
    guard case .tokens(let prompts) = call.base else {
      preconditionFailure("generation begins with tokens")
    }
    let tape = Tape<Scalar>()
    let bound = run.prepared(setup.bound(on: tape), on: tape)
    let sources = run.sourceUnits(call, bound, on: tape)
    var tokens = prompts
    var cache = DecoderCache<Scalar>(examples: prompts.count)
    var collected = [[Tensor<Scalar>]](repeating: [], count: setup.entries.count)
    for pass in 0..<count {
      let new = pass == 0 ? prompts : tokens.map { [$0[$0.count - 1]] }
      let entries = setup.entries.indices.filter { acts($0, in: pass, call) }
      let actions = run.actions(
        entries, call, bound, sources, lengths: new.map(\.count), collecting: true, on: tape)
      let visit = run.visitor(actions, [], on: tape)
      let places = RowPlaces(Batch(lengths: new.map(\.count)))
      let logits = cache.advance(model, new, on: tape) { site, layer, value in
        visit(SiteValue(site: site, layer: layer, value: value, places: places))
      }
      for (index, action) in actions {
        guard let collector = action.collector, !collector.isEmpty else { continue }
        collected[index].append(run.collectedValue(action, collector, on: tape).value)
      }
      for (example, token) in choose(logits).enumerated() { tokens[example].append(token) }
    }
    return Result(tokens: tokens, collected: collected.flatMap(\.self))
  }

  /// Whether an entry acts in a pass; pass 0 is the prompt's.
  private func acts(_ entry: Int, in pass: Int, _ call: InterventionCall<Scalar>) -> Bool {
    if pass == 0 { return passes.actsOnPrompt }
    let isEverywhere = call.places[entry].base == .whole
    guard !passes.actsOnPrompt || isEverywhere else { return false }
    return passes.steps?.contains(pass - 1) ?? true
  }
}
