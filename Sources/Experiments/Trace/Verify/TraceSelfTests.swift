internal import Foundation
internal import Inputs
internal import ResultsStore

/// What results must be whatever the model: numbers, probabilities, and their logarithms; and what
/// they may be, but seldom are: the same along a whole axis of the sweep.
enum TraceSelfTests {
  /// Rounding of a float's logarithm and back, relative.
  private static let tolerance: Float = 1e-5
  /// Faults that are named, of one kind and journal.
  private static let limit = 20

  static func faults(_ reader: TraceReader, _ journals: TraceJournals) -> [Refusal] {
    var faults: [Refusal] = []
    var counts: [String: Int] = [:]
    for (unit, entry) in journals.entries.sorted(by: { $0.key < $1.key }) {
      for (place, metrics) in metrics(unit, entry, reader).enumerated() {
        guard let (found, expected) = fault(of: metrics) else { continue }
        counts[entry.file, default: 0] += 1
        guard counts[entry.file, default: 0] <= limit else { continue }
        faults.append(
          Refusal(
            .store, file: entry.file, field: name(unit, place, reader), found: found,
            expected: expected))
      }
    }
    for (file, count) in counts.sorted(by: { $0.key < $1.key }) where count > limit {
      faults.append(
        Refusal(
          .store, file: file, found: "\(count - limit) more such values",
          expected: "probabilities and their logarithms"))
    }
    return faults
  }

  private static func metrics(
    _ unit: Int, _ entry: TraceJournals.Entry, _ reader: TraceReader
  ) -> [TraceMetrics] {
    TraceMetrics.list(entry.payload, from: unit < reader.plan.factCount ? 8 : 0)
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
  static func name(_ unit: Int, _ place: Int, _ reader: TraceReader) -> String {
    guard let patching = reader.plan.unit(unit) else {
      let run = place == 0 ? "clean run" : "corrupted run, sample \(place - 1)"
      return "unit \(unit), fact \(escaped(reader.facts[unit].id)), \(run)"
    }
    let cells = TraceCells(
      reader.grid, fact: patching.fact, restoration: patching.restoration)
    let (cell, sample) = cells.run(patching.cells.lowerBound + place)
    return "unit \(unit), fact \(escaped(reader.facts[patching.fact].id)), "
      + "\(reader.grid.restore[patching.restoration].name), layer \(cell.layer), "
      + "position \(cell.position), sample \(sample)"
  }

  /// Axes along which nothing changes, to the bit, a line each.
  static func oddities(_ reader: TraceReader, _ journals: TraceJournals) -> [String] {
    var facts: [String: [String]] = [:]
    func note(_ text: String, _ fact: Int) {
      facts[text, default: []].append(reader.facts[fact].id)
    }
    for (fact, baseline) in journals.baselines.sorted(by: { $0.key < $1.key }) {
      if baseline.corrupted.allSatisfy({ $0 == baseline.clean }) {
        note("the noise changes nothing: corrupted runs equal the clean run", fact)
      } else if baseline.corrupted.count > 1, areAlike(baseline.corrupted) {
        note("corrupted runs are bit-identical over all samples", fact)
      }
      var tables: [[TraceMetrics]] = []
      for restoration in reader.grid.restore.indices {
        let name = reader.grid.restore[restoration].name
        guard
          let table = table(fact, restoration, reader, journals), !table.values.isEmpty
        else { continue }
        for axis in identicalAxes(table.cells, table.values, reader.grid.samples) {
          note("\(name) is bit-identical over all \(axis)", fact)
        }
        let samples = reader.grid.samples
        if table.values.indices.allSatisfy({
          table.values[$0] == baseline.corrupted[$0 % samples]
        }) {
          note("\(name) restores nothing: every cell equals the corrupted run", fact)
        }
        if tables.contains(table.values), table.values.count > 1 {
          note("\(name) is bit-identical to another site", fact)
        }
        tables.append(table.values)
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
  private static func table(
    _ fact: Int, _ restoration: Int, _ reader: TraceReader, _ journals: TraceJournals
  ) -> (cells: [TraceCells.Place], values: [TraceMetrics])? {
    let cells = TraceCells(reader.grid, fact: fact, restoration: restoration)
    var values = [TraceMetrics?](repeating: nil, count: cells.count)
    for unit in reader.plan.unitsOf[fact][restoration].map({ reader.plan.units[$0] }) {
      guard let entry = journals.entries[unit.number] else { return nil }
      for (number, metrics) in zip(unit.cells, TraceMetrics.list(entry.payload, from: 0)) {
        values[cells.row(of: number)] = metrics
      }
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
