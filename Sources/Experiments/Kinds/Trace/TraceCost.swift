internal import Cluster
internal import Interventions
internal import Models
internal import Tensors

/// What a trace costs, with and without reuse: for `plan`, and for estimates while it runs.
package struct TraceCost: Sendable {
  /// Cells that the job asks for, by samples: patched runs before any reuse.
  package private(set) var patchedRuns = 0
  /// Of these, how many cannot differ from the corrupted run, and are not run.
  package private(set) var equalRuns = 0
  package let units: Int
  private let skippedLine: String?
  /// Rows through a block that full forward passes would take, baselines included.
  package private(set) var naiveBlockRows = 0
  /// Rows through a block that the staircase takes, baselines included.
  package private(set) var blockRows = 0
  /// Rows of one forward pass of the mean prompt, over all layers.
  package let rowsPerForward: Double
  /// Floating-point operations of the products of a row in a block, and of a row of logits.
  package let operationsPerBlockRow: Double
  package let operationsPerLogits: Double
  /// Bytes of the weights, one copy a host.
  package let weightBytes: Int
  /// Bytes of a rank beside the weights, by compute threads.
  package let baseBytes: Int
  package let threadBytes: Int
  private let layers: Int
  private let samples: Int
  /// How many facts have units.
  private let tracedCount: Int
  /// Positions of each fact's runs.
  private let lengths: [Int]
  /// Rows of logits of patched runs.
  private var logitRows = 0

  package init(_ job: TraceJob, _ plan: TracePlan) {
    let shape = job.published.shape
    layers = shape.layers
    samples = job.samples
    let traced = job.traced
    tracedCount = traced.count
    units = traced.count + plan.units.count
    skippedLine = job.skippedLine
    let lengths = job.facts.indices.map(job.grid.length)
    self.lengths = lengths
    let mean = Double(traced.reduce(0) { $0 + lengths[$1] }) / Double(max(1, traced.count))
    rowsPerForward = mean * Double(shape.layers)
    operationsPerBlockRow = 2 * Double(shape.productsPerBlockRow)
    operationsPerLogits = 2 * Double(shape.width * shape.vocabulary)
    weightBytes = job.published.byteCount
    let sites = Set(job.spec.restore.map(\.site.site))
    baseBytes =
      traced.map { number in
        BaseRuns.byteCount(
          shape,
          RunRows(
            length: job.grid.length(of: number),
            continuations: job.grid.sampleBlocks(of: number).map(\.count).max() ?? 0,
            from: job.grid.corruptedFrom[number]),
          keeping: sites, of: [0])
      }.max() ?? 0
    threadBytes = TraceMemory.threadBytes(job, plan, shape)
    for fact in traced {
      blockRows += job.grid.baselineRows(of: fact)
      naiveBlockRows += (1 + samples) * lengths[fact] * layers
      for restoration in job.spec.restore.indices {
        let units = plan.units[plan.unitsOf[fact][restoration]]
        add(
          TraceCells(job.grid, fact: fact, restoration: restoration), fact: fact,
          reading: job.grid.reading[fact], rows: units.reduce(0) { $0 + $1.blockRows })
      }
    }
  }

  private mutating func add(_ cells: TraceCells, fact: Int, reading: Int, rows: Int) {
    let places = cells.reaching.count + cells.equalToBaseline.count
    patchedRuns += places * samples
    equalRuns += cells.equalToBaseline.count * samples
    logitRows += cells.reaching.count * samples * reading
    naiveBlockRows += places * samples * lengths[fact] * layers
    blockRows += rows
  }

  /// Floating-point operations of all matrix products with reuse.
  package var operations: Double {
    Double(blockRows) * operationsPerBlockRow + Double(logitRows) * operationsPerLogits
  }

  /// Forward passes of the mean prompt that the work amounts to, without and with reuse.
  package var forwardsNaive: Double { Double(naiveBlockRows) / rowsPerForward }
  package var forwards: Double { Double(blockRows) / rowsPerForward }

  /// Bytes that a rank needs beside the weights, with so many compute threads.
  package func rankBytes(threads: Int) -> Int {
    TraceMemory.fixedBytes + (threads + 1) * baseBytes + threads * threadBytes
      + TraceMemory.spareBytes(threads: threads, baseBytes: baseBytes, threadBytes: threadBytes)
  }
}

extension TraceCost {
  /// The same as any kind tells it.
  var job: JobCost {
    let count = RunNeeds.count
    let recordBytes =
      4 * TraceMetrics.count * (patchedRuns + tracedCount * (samples + 1)) + 8 * tracedCount
    return JobCost(
      weightBytes: weightBytes,
      // Rank 0 holds all results, and what it makes arrays of.
      rankBytes: { rankBytes(threads: $0) + 2 * recordBytes }, operations: operations,
      parallel: units, recordBytes: recordBytes,
      entries: [
        (
          "facts", Double(lengths.count),
          count(lengths.count) + (skippedLine.map { "; \($0)" } ?? "")
        ),
        (
          "patched_runs", Double(patchedRuns),
          "\(count(patchedRuns)), of which \(count(equalRuns)) equal the corrupted run by causality"
        ),
        ("units", Double(units), count(units)),
        ("forward_passes_naive", forwardsNaive, count(Int(forwardsNaive.rounded()))),
        (
          "forward_passes", forwards,
          count(Int(forwards.rounded())) + PlanReport.fewer(forwardsNaive / max(forwards, 1e-9))
        ),
      ])
  }
}

/// What a rank holds beside the weights and results, fitted to the peaks of runs: of 135 million
/// weights and of 2 million, 6 to 200 samples, one and two threads.
enum TraceMemory {
  /// The program, its libraries and its tables.
  static let fixedBytes = 48 << 20
  /// Rows of logits that are made at once.
  static let logitRows = 64

  /// Blocks of tensors that are gone, kept for the next ones; they differ in size from layer to
  /// layer and from fact to fact, so many do not fit again. At most what the pool keeps.
  static func spareBytes(threads: Int, baseBytes: Int, threadBytes: Int) -> Int {
    min(128 << 20, threadBytes * (threads + 2) + 5 * baseBytes / 2)
  }

  /// The activations of one unit at its largest: two thirds of a block's intermediate values and of
  /// rows of logits, which are not all there at once.
  static func threadBytes(_ job: TraceJob, _ plan: TracePlan, _ shape: DecoderShape) -> Int {
    let longest = job.traced.map(job.grid.length).max() ?? 0
    let corrupted = job.traced.map { fact in
      let tail = job.grid.length(of: fact) - job.grid.corruptedFrom[fact]
      return tail * (job.grid.sampleBlocks(of: fact).map(\.count).max() ?? 0)
    }
    let rows = max(longest, corrupted.max() ?? 0, plan.units.map(\.rows).max() ?? 0)
    let block = 6 * shape.width + 2 * shape.queryWidth + 3 * shape.keyWidth + 4 * shape.mlpWidth
    let weights = shape.heads * longest
    return 8 * (rows * (block + weights) + logitRows * shape.vocabulary) / 3
  }
}
