internal import Inputs
internal import ResultsStore

/// What the arrays of a trace hold, made from what its units found; nothing else is stored.
struct TraceContents: Sendable {
  let spec: TraceSpec
  let grid: TraceGrid
  let plan: TracePlan

  /// The cells of one fact and restoration.
  struct Cells: Sendable {
    /// `[layer, position]`.
    fileprivate(set) var status: [CellStatus]
    /// `[layer, position, sample]`; nil where there is no value.
    fileprivate(set) var values: [TraceMetrics?]

    func floats(_ metric: Metric, roundBits: Int?) -> [Float] {
      let numbers = values.map { $0.map { $0[metric] } ?? .nan }
      return roundBits.map { MantissaRounding.round(numbers, bits: $0) } ?? numbers
    }
  }

  /// Puts the cells of a fact and restoration in their places.
  ///
  /// - Parameters:
  ///   - results: By unit number.
  ///   - missing: What the cells of a unit without a result are.
  func cells(
    fact: Int, restoration: Int, _ baseline: TraceBaseline, _ results: [Int: [UInt8]],
    missing: (Int) -> CellStatus
  ) throws(Refusal) -> Cells {
    let (samples, longest) = (grid.samples, grid.longest)
    let numbers = TraceCells(grid, fact: fact, restoration: restoration)
    var cells = Cells(
      status: Array(repeating: .notRequested, count: grid.layerCount * longest),
      values: Array(repeating: nil, count: grid.layerCount * longest * samples))
    func place(_ cell: TraceCells.Place) -> Int { cell.layer * longest + cell.position }
    for cell in numbers.equalToBaseline {
      cells.status[place(cell)] = .equalToBaseline
      for sample in 0..<samples {
        cells.values[place(cell) * samples + sample] = baseline.corrupted[sample]
      }
    }
    for unit in plan.unitsOf[fact][restoration].map({ plan.units[$0] }) {
      let metrics = try results[unit.number].map { (bytes) throws(Refusal) in
        try TraceMetrics.list(bytes, of: unit)
      }
      for (i, number) in unit.cells.enumerated() {
        let (cell, sample) = numbers.run(number)
        let at = place(cell)
        guard let metrics else {
          cells.status[at] = missing(unit.number)
          continue
        }
        // A cell whose samples lie in two units is done when both are.
        if cells.status[at] == .notRequested { cells.status[at] = .done }
        cells.values[at * samples + sample] = metrics[i]
      }
    }
    return cells
  }

  /// The arrays of a fact and restoration, without the index that both give.
  func arrays(of cells: Cells) -> [(name: String, values: ArrayValues)] {
    grid.metrics.map {
      ($0.rawValue, .floats(cells.floats($0, roundBits: spec.save.roundBits)))
    } + [("status", .bytes(cells.status.map(\.rawValue)))]
  }

  /// The status array of a fact that is not traced.
  func untraced(_ status: CellStatus) -> [(name: String, values: ArrayValues)] {
    let count = grid.layerCount * grid.longest
    return [("status", .bytes(Array(repeating: status.rawValue, count: count)))]
  }

  /// The arrays of what the baselines found, once all are known; nil stands for one that failed.
  func arrays(
    of baselines: [TraceBaseline?], _ status: [FactStatus]
  ) -> [(name: String, values: ArrayValues)] {
    var arrays: [(String, ArrayValues)] = []
    for metric in grid.metrics {
      arrays.append(
        ("clean_\(metric.rawValue)", .floats(baselines.map { $0?.clean[metric] ?? .nan })))
      let corrupted = baselines.flatMap { baseline in
        (0..<grid.samples).map { baseline?.corrupted[$0][metric] ?? .nan }
      }
      arrays.append(("corrupted_\(metric.rawValue)", .floats(corrupted)))
    }
    arrays.append(("top_id", .integers(baselines.map { Int32($0?.top ?? -1) })))
    arrays.append(("foil_id", .integers(baselines.map { Int32($0?.foil ?? -1) })))
    arrays.append(("fact_status", .bytes(status.map(\.rawValue))))
    return arrays
  }
}

extension TraceMetrics {
  /// The metrics of each cell of a unit, from its result.
  static func list(_ bytes: [UInt8], of unit: TracePlan.Unit) throws(Refusal) -> [TraceMetrics] {
    guard bytes.count == 4 * count * unit.cells.count else {
      throw Refusal(
        .store, field: "unit \(unit.number)", found: "a result of \(bytes.count) bytes",
        expected: "\(4 * count * unit.cells.count) bytes for \(unit.cells.count) cells")
    }
    return list(bytes, from: 0)
  }
}
