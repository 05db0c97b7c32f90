internal import Foundation
internal import Inputs
internal import ResultsStore

/// What results must be whatever the model: numbers, probabilities, and their logarithms; and what
/// they may be, but seldom are: the same along a whole axis of the sweep.
struct TraceAudit {
  private let table: TraceTable
  private let results: Results<TraceResult>

  init(_ table: TraceTable, _ results: Results<TraceResult>) {
    (self.table, self.results) = (table, results)
  }

  /// Rounding of a float's logarithm and back, relative.
  private static let tolerance: Float = 1e-5
  /// Faults that are named, of one kind and journal.
  private static let limit = 20

  var faults: [Refusal] {
    var faults: [Refusal] = []
    var count = 0
    for unit in results.done {
      for (place, metrics) in metrics(unit).enumerated() {
        guard let (found, expected) = Self.fault(of: metrics) else { continue }
        count += 1
        guard count <= Self.limit else { continue }
        faults.append(
          Refusal(.store, field: name(unit, place), found: found, expected: expected))
      }
    }
    if count > Self.limit {
      faults.append(
        Refusal(
          .store, found: "\(count - Self.limit) more such values",
          expected: "probabilities and their logarithms"))
    }
    return faults
  }

  private func metrics(_ unit: Int) -> [TraceMetrics] {
    switch results[unit] {
    case .baseline(let baseline): [baseline.clean] + baseline.corrupted
    case .cells(let cells): cells
    case nil: []
    }
  }

  /// What is wrong with a cell's metrics, and what would be right.
  static func fault(of metrics: TraceMetrics) -> (found: String, expected: String)? {
    let (p, log) = (metrics.probability, metrics.logProbability)
    for (name, value) in [
      ("probability", p), ("log_probability", log), ("logit_difference", metrics.logitDifference),
    ] where !value.isFinite {
      return ("\(name) \(value)", "a finite number")
    }
    guard p >= 0, p <= 1 + tolerance else { return ("probability \(p)", "0 to 1") }
    // Below the smallest probability that a float holds in full, the logarithm says more.
    guard abs(p - exp(log)) <= tolerance * p + Float.leastNormalMagnitude else {
      return ("probability \(p) with log_probability \(log)", "the logarithm of the probability")
    }
    return nil
  }

  /// A cell in words: `unit 7, fact 3, block_output, layer 2, position 5, sample 0`.
  private func name(_ unit: Int, _ place: Int) -> String {
    guard let patching = table.plan.unit(unit) else {
      let run = place == 0 ? "clean run" : "corrupted run, sample \(place - 1)"
      return "unit \(unit), fact \(escaped(table.facts[unit].id)), \(run)"
    }
    let cells = TraceCells(
      table.grid, fact: patching.fact, restoration: patching.restoration)
    let (cell, sample) = cells.run(patching.cells.lowerBound + place)
    return "unit \(unit), fact \(escaped(table.facts[patching.fact].id)), "
      + "\(table.grid.restore[patching.restoration].name), layer \(cell.layer), "
      + "position \(cell.position), sample \(sample)"
  }

  /// Axes along which nothing changes, to the bit, a line each.
  var oddities: [String] {
    var facts: [String: [String]] = [:]
    func note(_ text: String, _ fact: Int) {
      facts[text, default: []].append(table.facts[fact].id)
    }
    for fact in table.facts.indices {
      guard let baseline = table.baseline(fact, results) else { continue }
      if baseline.corrupted.allSatisfy({ $0 == baseline.clean }) {
        note(
          "the \(table.spec.corrupt.noise == nil ? "corruption" : "noise") changes nothing: corrupted runs equal the clean run",
          fact)
      } else if baseline.corrupted.count > 1, Self.areAlike(baseline.corrupted) {
        note("corrupted runs are bit-identical over all samples", fact)
      }
      var tables: [[TraceMetrics]] = []
      for restoration in table.grid.restore.indices {
        let name = table.grid.restore[restoration].name
        guard
          let cells = cells(fact, restoration), !cells.values.isEmpty
        else { continue }
        for axis in Self.identicalAxes(cells.cells, cells.values, table.grid.samples) {
          note("\(name) is bit-identical over all \(axis)", fact)
        }
        let samples = table.grid.samples
        if cells.values.indices.allSatisfy({
          cells.values[$0] == baseline.corrupted[$0 % samples]
        }) {
          note("\(name) restores nothing: every cell equals the corrupted run", fact)
        }
        if tables.contains(cells.values), cells.values.count > 1 {
          note("\(name) is bit-identical to another site", fact)
        }
        tables.append(cells.values)
      }
    }
    return facts.sorted { $0.key < $1.key }.map { text, ids in
      let shown = ids.prefix(5).map(escaped).joined(separator: ", ")
      return "\(text), in \(ids.count) fact\(ids.count == 1 ? "" : "s") (\(shown)"
        + "\(ids.count > 5 ? ", ..." : ""))"
    }
  }

  /// Every cell of a fact and restoration that can differ from the corrupted run, `[place,
  /// sample]`; nil until all are there.
  private func cells(
    _ fact: Int, _ restoration: Int
  ) -> (cells: [TraceCells.Place], values: [TraceMetrics])? {
    let cells = TraceCells(table.grid, fact: fact, restoration: restoration)
    var values = [TraceMetrics?](repeating: nil, count: cells.count)
    for unit in table.plan.unitsOf[fact][restoration].map({ table.plan.units[$0] }) {
      guard case .cells(let known)? = results[unit.number] else { return nil }
      for (number, metrics) in zip(unit.cells, known) { values[cells.row(of: number)] = metrics }
    }
    let all = values.compactMap(\.self)
    return all.count == values.count ? (cells.reaching, all) : nil
  }

  /// Axes of more than one place along which every line of values is the same.
  static func identicalAxes(
    _ cells: [TraceCells.Place], _ values: [TraceMetrics], _ samples: Int
  ) -> [String] {
    func isIdentical(_ key: (_ cell: TraceCells.Place, _ sample: Int) -> [Int]) -> Bool {
      let keys = values.indices.map { key(cells[$0 / samples], $0 % samples) }
      let lines = Dictionary(grouping: values.indices) { keys[$0] }.values
      return lines.contains { $0.count > 1 }
        && lines.allSatisfy { line in areAlike(line.map { values[$0] }) }
    }
    return [
      ("samples", isIdentical { cell, _ in [cell.layer, cell.position] }),
      ("layers", isIdentical { cell, sample in [cell.position, sample] }),
      ("positions", isIdentical { cell, sample in [cell.layer, sample] }),
    ].filter(\.1).map(\.0)
  }

  private static func areAlike(_ values: [TraceMetrics]) -> Bool {
    values.allSatisfy { $0 == values[0] }
  }
}
