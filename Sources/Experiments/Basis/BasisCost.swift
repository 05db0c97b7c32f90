internal import Foundation
internal import Inputs
internal import Models

/// What a basis job costs, as far as that can be known: how many evaluations a search takes, cannot.
struct BasisCost: CostReport {
  private let job: BasisJob
  private let shape: DecoderShape
  private let tokens: Int
  private let microbatches: TextMicrobatches

  init(_ job: BasisJob) {
    self.job = job
    shape = job.data.published.shape
    microbatches = job.spec.basis.settings.microbatches(job.data.texts)
    tokens = microbatches.keptCount
  }

  private var settings: CausalBasisSettings { job.spec.basis.settings }

  /// Bytes of a compute thread: the logits of a microbatch and what follows from them, of which
  /// seven are there at once; and of the model itself, the values of its blocks for the gradient.
  private var threadBytes: Int {
    let logits = 7 * microbatches.largest * shape.vocabulary
    guard job.lens.isModel else { return 4 * (logits + 8 * microbatches.largest * shape.width) }
    let first = job.numbering.layers.first ?? 0
    let longest = job.data.texts.map(\.count).max() ?? 0
    let block =
      8 * shape.width + 3 * shape.queryWidth + 4 * shape.keyWidth + 6 * shape.mlpWidth
      + 2 * shape.heads * longest
    return 4 * (logits + microbatches.largest * block * (shape.layers - first))
  }

  /// Bytes of the activations of all texts, on a rank that has them all.
  private var stateBytes: Int {
    let all = job.data.texts.reduce(0) { $0 + $1.count }
    return 4 * all * (shape.width + 2 * job.width)
  }

  /// Bytes of this rank's memory that are left for logits without ablation.
  ///
  /// - Throws: Where there is too little for the rest.
  func memoryForLogits(threads: Int) throws(Refusal) -> Int {
    let needed = (64 << 20) + threads * threadBytes + stateBytes
    guard needed <= job.spec.run.memory else {
      throw Refusal(
        .resources, file: job.spec.file, field: "run.memory",
        found: "\(needed) bytes needed for \(threads) compute threads beside the weights",
        expected:
          "at most \(job.spec.run.memory); raise run.memory, lower basis.microbatch, or use "
          + "fewer threads")
    }
    return job.spec.run.memory - needed
  }

  /// Operations of one evaluation of the energy and its gradient, at a layer.
  private func operations(at layer: Int) -> Double {
    let head = Double(shape.width * shape.vocabulary)
    let blocks =
      job.lens.isModel ? Double(shape.productsPerBlockRow) * Double(shape.layers - layer) : 0
    // A product, and as much again for its gradient.
    return 4 * Double(tokens) * (head + blocks)
  }

  /// Evaluations of a layer, at 60 a climb.
  private var evaluations: Double {
    let plain = Double(min(settings.search.iterations, 60))
    let random = Double(settings.search.candidates * settings.search.briefIterations) + plain
    let perDirection = plain + Double(settings.restarts - 1) * random
    return perDirection * Double(settings.directions)
  }

  private func hours(at rate: Double) -> Double {
    job.numbering.layers.reduce(0.0) { $0 + evaluations * operations(at: $1) } / rate / 3600
  }

  var coreHours: Double { hours(at: ProductRate.measured()) }

  func needs(threads: Int, coreHours: Double) -> RunNeeds {
    let layers = job.numbering.layers.count
    let most = settings.directions * settings.restarts
    let searches = settings.search.candidates * settings.search.briefIterations
    let log = 8 * (job.width + 3) * (2 * settings.search.iterations + searches)
    return RunNeeds(
      weightBytes: job.data.published.byteCount,
      // Logits without ablation are kept as far as `run.memory` goes.
      rankBytes: min(
        job.spec.run.memory,
        (64 << 20) + threads * threadBytes + stateBytes + 4 * tokens
          * shape.vocabulary),
      diskBytes: (1 << 20) + 2 * layers * most * (4 * job.width + 256) + 2 * log,
      files: 64 + 8 * layers, units: microbatches.count, coreHours: coreHours)
  }

  var entries: [Entry] {
    let rate = ProductRate.measured()
    let layers = job.numbering.layers
    let searches = job.numbering.searches
    let hours = hours(at: rate)
    let threads = job.spec.run.threads ?? 1
    let bytes = layers.count * settings.directions * 4 * (job.width + 3 + 2 * settings.restarts)
    return [
      ("texts", Double(job.data.texts.count), "\(job.data.texts.count)"),
      ("tokens", Double(tokens), "\(tokens) that are ablated and measured"),
      ("layers", Double(layers.count), "\(layers.count)"),
      ("searches", Double(searches), "\(searches), at most"),
      (
        "microbatches", Double(microbatches.count),
        "\(microbatches.count), which is how many threads can work at once"
      ),
      (
        "evaluations", evaluations * Double(layers.count),
        "about \(Int(evaluations) * layers.count), at 60 a climb"
      ),
      (
        "core_hours", hours,
        "about \(hours.formatted(.number.precision(.significantDigits(2)))) at "
          + "\(Int(rate / 1e9)) GFLOP/s a core"
      ),
      (
        "thread_bytes", Double(threadBytes), "\(threadBytes >> 20) MiB for each compute thread"
      ),
      ("result_bytes", Double(bytes), "\(bytes >> 10) KiB before compression"),
    ] + needs(threads: threads, coreHours: hours).entries(threads: threads)
  }
}
