internal import Inputs
internal import Models
internal import ResultsStore

/// The arrays of a trace, `results.zarr`: what is in them, and how they are filled.
///
/// Cells are `[fact, site, layer, position, sample]`, a chunk for each fact and site, written once.
/// Nothing in them depends on ranks, hosts or times.
struct TraceStore {
  private let job: TraceJob
  private let plan: TracePlan
  private let store: ZarrStore
  private let files: FileWriter
  let longest: Int

  /// Makes the arrays and writes the labels, or opens those of an earlier start.
  init(_ path: String, _ job: TraceJob, _ plan: TracePlan, spec: String, by files: FileWriter)
    throws(Refusal)
  {
    (self.job, self.plan, self.files) = (job, plan, files)
    longest = job.facts.map(\.ids.count).max() ?? 0
    let layout = TraceLayout(job, longest: longest)
    store = try ZarrStore.create(at: path, try layout.root(spec: spec), by: files)
    for label in layout.labels { try put(label) }
  }

  private func put(_ label: TraceLayout.Label) throws(Refusal) {
    let array = try store.array(label.name)
    let index = array.spec.shape.map { _ in 0 }
    switch label.values {
    case .integers(let values): try write(array, index, values)
    case .texts(let values): try write(array, index, values)
    }
  }

  /// Writes a file unless it is there with these very bytes.
  private func write<Element: ZarrElement>(
    _ array: ZarrArray, _ index: [Int], _ values: [Element]
  ) throws(Refusal) {
    let digest = Digest.of(try array.bytes(chunk: index, values))
    guard try array.digest(ofFile: index) != digest else { return }
    try array.write(chunk: index, values, by: files)
  }

  /// Writes what the baselines found, once all are known; nil stands for one that failed.
  func put(baselines: [TraceBaseline?]) throws(Refusal) {
    func write<Element: ZarrElement>(_ name: String, _ values: [Element]) throws(Refusal) {
      let array = try store.array(name)
      try self.write(array, array.spec.shape.map { _ in 0 }, values)
    }
    for metric in job.spec.metric.store {
      try write("clean_\(metric.rawValue)", baselines.map { $0?.clean[metric] ?? .nan })
      try write(
        "corrupted_\(metric.rawValue)",
        baselines.flatMap { baseline in
          (0..<job.samples).map { baseline?.corrupted[$0][metric] ?? .nan }
        })
    }
    try write("top_id", baselines.map { Int32($0?.top ?? -1) })
    try write("foil_id", baselines.map { Int32($0?.foil ?? -1) })
    try write(
      "fact_status",
      baselines.enumerated().map { job.status(of: $0, $1).rawValue })
  }

  /// Writes the cells of a fact and restoration, once every unit of them is known.
  ///
  /// - Parameter results: By unit number; a unit without one has failed.
  func put(
    fact: Int, restoration: Int, _ baseline: TraceBaseline, _ results: [Int: [UInt8]]
  ) throws(Refusal) {
    let samples = job.samples
    let cells = TraceCells(job, fact: fact, restoration: restoration)
    let layers = job.published.shape.layers
    var status = [CellStatus](repeating: .notRequested, count: layers * longest)
    var values = [TraceMetrics?](repeating: nil, count: layers * longest * samples)
    func place(_ cell: TraceCells.Place) -> Int { cell.layer * longest + cell.position }
    for cell in cells.equalToBaseline {
      status[place(cell)] = .equalToBaseline
      for sample in 0..<samples {
        values[place(cell) * samples + sample] = baseline.corrupted[sample]
      }
    }
    for unit in plan.unitsOf[fact][restoration].map({ plan.units[$0] }) {
      let metrics = results[unit.number].map { TraceMetrics.list($0, from: 0) }
      if let metrics, metrics.count != unit.cells.count {
        throw Refusal(
          .store, field: "unit \(unit.number)", found: "\(metrics.count) cells",
          expected: "\(unit.cells.count)")
      }
      for (i, number) in unit.cells.enumerated() {
        let at = place(cells.reaching[number / samples])
        guard let metrics else {
          status[at] = .failed
          continue
        }
        if status[at] != .failed { status[at] = .done }
        values[at * samples + number % samples] = metrics[i]
      }
    }
    for metric in job.spec.metric.store {
      let array = try store.array(metric.rawValue)
      var numbers = values.map { $0.map { $0[metric] } ?? .nan }
      if let bits = job.spec.save.roundBits {
        numbers = MantissaRounding.round(numbers, bits: bits)
      }
      try write(array, [fact, restoration, 0, 0, 0], numbers)
    }
    let array = try store.array("status")
    try write(array, [fact, restoration, 0, 0], status.map(\.rawValue))
  }

  /// Marks the cells of a fact that the filter left out, or whose baseline failed.
  func put(untraced fact: Int, _ status: CellStatus) throws(Refusal) {
    let array = try store.array("status")
    let status = [UInt8](
      repeating: status.rawValue, count: job.published.shape.layers * longest)
    for restoration in job.spec.restore.indices {
      try write(array, [fact, restoration, 0, 0], status)
    }
  }

  /// Writes the means over facts, once all facts are in.
  func put(_ summary: TraceSummary) throws(Refusal) {
    for (name, values) in summary.arrays {
      let array = try store.array("summary/\(name)")
      try write(array, array.spec.shape.map { _ in 0 }, values)
    }
  }

  /// The stored cells of a fact and restoration, `[layer, position, sample]`; nil if not there yet.
  func cells(fact: Int, restoration: Int, _ metric: Metric) throws(Refusal) -> [Float]? {
    try store.array(metric.rawValue).readChunk([fact, restoration, 0, 0, 0], as: Float.self)
  }
}
