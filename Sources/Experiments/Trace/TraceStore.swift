internal import Inputs
internal import ResultsStore

/// The arrays of a trace, `results.zarr`: what is in them, and how they are filled.
///
/// Cells are `[fact, site, layer, position, sample]`, a chunk for each fact and site, written once.
/// Nothing in them depends on ranks, hosts or times.
struct TraceStore {
  private let contents: TraceContents
  private let store: ZarrStore
  private let files: FileWriter

  /// Makes the arrays and writes the labels, or opens those of an earlier start.
  init(_ path: String, _ job: TraceJob, _ plan: TracePlan, spec: String, by files: FileWriter)
    throws(Refusal)
  {
    contents = TraceContents(spec: job.spec, grid: job.grid, plan: plan)
    self.files = files
    let layout = TraceLayout(job.spec, job.grid)
    store = try ZarrStore.create(at: path, try layout.root(spec: spec), by: files)
    for (name, values) in layout.axes + TraceLayout.labels(job.facts) { try put(name, values) }
  }

  /// Writes an array that is one file.
  private func put(_ name: String, _ values: ArrayValues) throws(Refusal) {
    let array = try store.array(name)
    try values.write(to: array, at: array.onlyFile, by: files)
  }

  /// Writes what the baselines found, once all are known; nil stands for one that failed.
  func put(baselines: [TraceBaseline?], _ status: [FactStatus]) throws(Refusal) {
    for (name, values) in contents.arrays(of: baselines, status) { try put(name, values) }
  }

  /// Writes the cells of a fact and restoration, once every unit of them is known.
  ///
  /// - Parameter results: By unit number; a unit without one has failed.
  func put(
    fact: Int, restoration: Int, _ baseline: TraceBaseline, _ results: [Int: [UInt8]]
  ) throws(Refusal) {
    let cells = try contents.cells(fact: fact, restoration: restoration, baseline, results) { _ in
      .failed
    }
    try put(contents.arrays(of: cells), fact, restoration)
  }

  /// Marks the cells of a fact that the filter left out, or whose baseline failed.
  func put(untraced fact: Int, _ status: CellStatus) throws(Refusal) {
    for restoration in contents.grid.restore.indices {
      try put(contents.untraced(status), fact, restoration)
    }
  }

  private func put(
    _ arrays: [(name: String, values: ArrayValues)], _ fact: Int, _ restoration: Int
  ) throws(Refusal) {
    for (name, values) in arrays {
      let array = try store.array(name)
      try values.write(to: array, at: TraceLayout.index(fact, restoration, array), by: files)
    }
  }

  /// Writes the means over facts, once all facts are in.
  func put(_ summary: TraceSummary) throws(Refusal) {
    for (name, values) in summary.arrays { try put("summary/\(name)", .floats(values)) }
  }

  /// The stored cells of a fact and restoration, `[layer, position, sample]`; nil if not there yet.
  func cells(fact: Int, restoration: Int, _ metric: Metric) throws(Refusal) -> [Float]? {
    try store.array(metric.rawValue).readChunk([fact, restoration, 0, 0, 0], as: Float.self)
  }
}
