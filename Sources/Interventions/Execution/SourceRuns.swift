internal import Autodiff
internal import Models
internal import Tensors

extension InterventionRun {
  /// The units that each entry reads from its source's run, by entry, in the order of its grid.
  ///
  /// In parallel mode sources run by themselves; in serial mode each is changed by the group before.
  func sourceUnits(
    _ call: InterventionCall<Scalar>, _ bound: [BoundParameters<Scalar>], on tape: Tape<Scalar>
  ) -> [Int: Variable<Scalar>] {
    var units: [Int: Variable<Scalar>] = [:]
    for group in 0..<setup.groupCount {
      guard let source = call.source(of: group) else { continue }
      let readings = setup.entries.indices.compactMap { index in
        reading(index, of: group, call, RunSizes(source)).map { (index, $0) }
      }
      guard !readings.isEmpty else { continue }
      var actions: [(entry: Int, action: EntryAction<Scalar>)] = []
      if setup.mode == .serial, group > 0 {
        actions = self.actions(
          setup.entries.indices.filter { setup.entries[$0].group == group - 1 }, call, bound,
          units, sizes: RunSizes(source), collecting: false, on: tape)
      }
      let touches =
        actions.flatMap { self.touches($0.entry, $0.action.places) }
        + readings.map {
          Cone.Touch(site: $1.entry.sourceSite, layer: $1.entry.layer, places: $1.places)
        }
      _ = runner.run(
        source, touches: touches, logits: .none, on: tape,
        visit: visitor(actions, readings.map(\.1), on: tape))
      // No units at all: the entry has nothing to change either.
      for (index, reading) in readings where !reading.collector.isEmpty {
        units[index] = reading.collector.assembled(on: tape)
      }
    }
    return units
  }

  /// How an entry reads its source's run; nil if it does not.
  private func reading(
    _ index: Int, of group: Int, _ call: InterventionCall<Scalar>, _ sizes: RunSizes
  ) -> SourceReading<Scalar>? {
    let entry = setup.entries[index]
    let intervention = setup.interventions[entry.intervention]
    let places = call.places[index]
    guard entry.group == group, intervention.needsSource, places.given == nil else { return nil }
    return SourceReading(
      entry: entry, grid: intervention.joinsUnits ? entry.grid.joining : entry.grid,
      places: places.source ?? .whole, lengths: sizes.lengths(at: entry.grid))
  }
}
