public import Autodiff
public import Models
public import Tensors

/// Runs a call of a set-up: the sources first, then the base with every change made.
public struct InterventionRun<Scalar: Real> {
  let model: any IntervenableModel<Scalar>
  let setup: InterventionSetup<Scalar>
  let runner: ModelRunner<Scalar>

  /// What a run is asked for.
  public enum Logits: Sendable, Equatable {
    /// Of every row, packed like the base.
    case all
    /// Of each example's last position.
    case last
  }

  /// What a run gave.
  public struct Result {
    /// The changed run's: of a decoder `[rows, vocabulary]`, of a classifier `[examples, classes]`.
    public let logits: Variable<Scalar>
    /// The unchanged run's, every row, if asked for.
    public let original: Variable<Scalar>?
    /// What each collecting entry handed out, in the order of entries.
    public let collected: [Variable<Scalar>]
    /// What types show besides the changed activation, by entry, a row for each vector: the latents
    /// of autoencoders.
    public let latents: [Int: Variable<Scalar>]
    /// The parameters that were used, by intervention.
    public let parameters: [BoundParameters<Scalar>]
  }

  /// - Parameters:
  ///   - trainsModel: Whether the model's weights lie on the tape; nothing is then shared with an
  ///     unchanged run, since gradients would not reach through it.
  ///   - isNaive: Whether nothing is shared anyway, for comparison.
  public init(
    _ model: any IntervenableModel<Scalar>, _ setup: InterventionSetup<Scalar>,
    trainsModel: Bool = false, isNaive: Bool = false
  ) {
    let model = model.showing(Set(setup.entries.map(\.site)))
    self.model = model
    self.setup = setup
    runner = ModelRunner(model: model, isNaive: isNaive || trainsModel)
  }

  /// Runs a call that `check` accepts.
  ///
  /// - Parameters:
  ///   - parameters: By intervention; the set-up's own as constants unless given.
  ///   - wantsOriginal: Whether the base is run unchanged too.
  public func callAsFunction(
    _ call: InterventionCall<Scalar>, on tape: Tape<Scalar>,
    parameters: [BoundParameters<Scalar>]? = nil, logits: Logits = .all,
    wantsOriginal: Bool = false
  ) -> Result {
    let bound = prepared(parameters ?? setup.bound(on: tape), on: tape)
    return finished(
      call, sourceUnits(call, bound, on: tape), bound, on: tape, logits: logits,
      wantsOriginal: wantsOriginal)
  }

  /// The run of the base, once its sources are known.
  func finished(
    _ call: InterventionCall<Scalar>, _ sources: [Int: Variable<Scalar>],
    _ bound: [BoundParameters<Scalar>], on tape: Tape<Scalar>, logits: Logits, wantsOriginal: Bool
  ) -> Result {
    let acting = setup.mode == .serial ? lastGroup(call) : Array(setup.entries.indices)
    let actions = actions(
      acting, call, bound, sources, lengths: call.base.extents, collecting: true, on: tape)
    let outcome = runner.run(
      call.base, touches: actions.flatMap { self.touches($0.entry, $0.action.places) },
      logits: logits == .all ? .all : .last, wantsOriginal: wantsOriginal, on: tape,
      visit: visitor(actions, [], on: tape))
    guard let changed = outcome.logits else { preconditionFailure("a run gave no logits") }
    let collected = actions.compactMap { entry, action in
      action.collector.flatMap { $0.isEmpty ? nil : collectedValue(action, $0, on: tape) }
    }
    var latents: [Int: Variable<Scalar>] = [:]
    for (entry, action) in actions where !action.latents.isEmpty {
      latents[entry] = action.latents.assembled(on: tape)
    }
    return Result(
      logits: changed, original: outcome.original, collected: collected, latents: latents,
      parameters: bound)
  }

  func prepared(
    _ parameters: [BoundParameters<Scalar>], on tape: Tape<Scalar>
  ) -> [BoundParameters<Scalar>] {
    zip(setup.interventions, parameters).map { $0.prepare($1, on: tape) }
  }

  /// In serial mode only the last group that has a source acts on the base.
  private func lastGroup(_ call: InterventionCall<Scalar>) -> [Int] {
    setup.entries.indices.filter { setup.entries[$0].group == setup.groupCount - 1 }
  }

  /// Where an entry looks at a run that it changes.
  func touches(_ entry: Int, _ places: UnitPlaces) -> [Cone.Touch] {
    let own = setup.entries[entry]
    let input = setup.intervention(of: entry).seesModuleInput ? own.inputSite : nil
    return ([own.site] + (input.map { [$0] } ?? [])).map {
      Cone.Touch(site: $0, layer: own.layer, places: places)
    }
  }

  /// The entries that act in a run, with what they need. Left out are those whose source is null.
  func actions(
    _ entries: [Int], _ call: InterventionCall<Scalar>, _ bound: [BoundParameters<Scalar>],
    _ sources: [Int: Variable<Scalar>], lengths: InputLengths, collecting: Bool,
    examples: Set<Int>? = nil, on tape: Tape<Scalar>
  ) -> [(entry: Int, action: EntryAction<Scalar>)] {
    entries.compactMap { index in
      let entry = setup.entries[index]
      let intervention = setup.interventions[entry.intervention]
      let places = call.places[index]
      let grid = intervention.joinsUnits ? entry.grid.joining : entry.grid
      var source = sources[index]
      if source == nil, let given = places.given {
        source = givenUnits(given, intervention, grid, places.base, lengths)
      }
      if intervention.needsSource, source == nil { return nil }
      if setup.mode == .serial, source == nil, call.isNull(entry.group) { return nil }
      if intervention.isCollecting && !collecting { return nil }
      return (
        index,
        EntryAction(
          intervention: intervention, parameters: bound[entry.intervention], grid: grid,
          places: places.base, coordinates: places.coordinates, source: source,
          lengths: grid.lengths(lengths),
          examples: examples, collector: intervention.isCollecting ? UnitCollector() : nil,
          numbers: places.numbers)
      )
    }
  }

  private func givenUnits(
    _ given: InterventionCall<Scalar>.Given, _ intervention: any Intervention<Scalar>,
    _ grid: UnitGrid, _ places: UnitPlaces, _ all: InputLengths
  ) -> Variable<Scalar> {
    let lengths = grid.lengths(all)
    let joined = grid.unitsOfVector(places, lengths: lengths, joins: intervention.joinsUnits)
    guard
      let units = grid.units(
        of: given, at: places, lengths: lengths, joined: joined ?? 1, blockWidth: grid.width(all))
    else { preconditionFailure("a given value \(given.value.shape) that was not checked") }
    return Variable(units)
  }

  /// Calls every reading and every action that is meant for a visited value, readings last.
  ///
  /// Where something is done to a whole, what is done to its parts is done there too, so that all of
  /// it goes in the order of the list.
  func visitor(
    _ actions: [(entry: Int, action: EntryAction<Scalar>)], _ readings: [SourceReading<Scalar>],
    on tape: Tape<Scalar>
  ) -> (SiteValue<Scalar>) -> Variable<Scalar> {
    let entries = setup.entries
    let wholes = Set(
      actions.map { SiteOfLayer(entries[$0.entry].site, entries[$0.entry].layer) }
        + readings.map { SiteOfLayer($0.entry.sourceSite, $0.entry.layer) })
    let inOrder = actions.enumerated().sorted {
      (entries[$0.element.entry].order, $0.offset) < (entries[$1.element.entry].order, $1.offset)
    }
    let steps = inOrder.map(\.element).map { index, action in
      let entry = entries[index]
      let part = model.part(entry.site).flatMap {
        wholes.contains(SiteOfLayer($0.whole, entry.layer)) ? $0 : nil
      }
      return (
        site: part?.whole ?? entry.site, layer: entry.layer, action: action, part: part,
        input: action.intervention.seesModuleInput ? entry.inputSite : nil
      )
    }
    return { visited in
      var value = visited.value
      func here() -> SiteValue<Scalar> {
        SiteValue(
          site: visited.site, layer: visited.layer, value: value, places: visited.places)
      }
      for step in steps where step.site == visited.site && step.layer == visited.layer {
        guard let part = step.part else {
          value = step.action(here(), on: tape)
          continue
        }
        value = step.action(here(), columns: part.columns, on: tape)
      }
      for step in steps
      where step.input == visited.site && step.layer == visited.layer {
        step.action.moduleInput.value = value
      }
      for reading in readings
      where reading.entry.sourceSite == visited.site && reading.entry.layer == visited.layer {
        reading.read(here(), on: tape)
      }
      return value
    }
  }

  func collectedValue(
    _ action: EntryAction<Scalar>, _ collector: UnitCollector<Scalar>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let rows = collector.assembled(on: tape)
    guard var leading = action.grid.leadingShape(of: action.places, lengths: action.lengths) else {
      return rows
    }
    if let examples = action.examples { leading[0] = examples.count }
    return tape.reshape(rows, leading + [rows.value.width])
  }
}
