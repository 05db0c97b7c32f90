internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore

/// A lens job before any weight is read: the job, its model's shape and its texts, checked against
/// each other. Its units are the layers, in their order.
struct LensJob: Sendable {
  let spec: LensSpec
  let data: ModelTexts
  let layers: [Int]

  init(_ spec: LensSpec) throws(Refusal) {
    self.spec = spec
    data = try ModelTexts(spec.model, spec.data)
    layers = try spec.layers.resolve(
      count: data.published.shape.layers, of: spec.model.path.written)
    guard spec.settings.microbatches(data.texts).keptCount > 0 else {
      throw Refusal(
        .job, file: spec.file, field: "lens.skip_positions",
        found: "\(spec.settings.skippedPositions), which leaves no token of any text",
        expected: "less than the longest text's \(data.texts.map(\.count).max() ?? 0)")
    }
  }

  var width: Int { data.published.shape.width }
}

/// What a lens job costs.
struct LensCost: CostReport {
  private let job: LensJob
  private let microbatches: TextMicrobatches

  init(_ job: LensJob) {
    self.job = job
    microbatches = job.spec.settings.microbatches(job.data.texts)
  }

  /// Bytes that a rank needs beside the weights: the streams of all texts, what a thread makes of a
  /// microbatch, and the gradients of a batch.
  func rankBytes(threads: Int) -> Int {
    let (shape, width) = (job.data.published.shape, job.width)
    let streams = 2 * job.data.texts.reduce(0) { $0 + $1.count } * width
    let logits = 8 * microbatches.largest * shape.vocabulary
    let translator = width * (width + 1)
    let batch = min(job.spec.settings.batch, microbatches.count)
    return (64 << 20) + 4
      * (streams + threads * (logits + 4 * translator) + (batch + 8) * translator)
  }

  func checkMemory(threads: Int) throws(Refusal) {
    let needed = rankBytes(threads: threads)
    guard needed <= job.spec.run.memory else {
      throw Refusal(
        .resources, file: job.spec.file, field: "run.memory",
        found: "\(needed) bytes needed for \(threads) compute threads beside the weights",
        expected: "at most \(job.spec.run.memory); raise run.memory, lower lens.microbatch or "
          + "lens.batch, or use fewer threads")
    }
  }

  private var threads: Int { job.spec.run.threads ?? 1 }

  private func hours(at rate: Double) -> Double {
    let (shape, settings) = (job.data.published.shape, job.spec.settings)
    let mean = Double(microbatches.keptCount) / Double(microbatches.count)
    let rows = mean * Double(min(settings.batch, microbatches.count) * settings.steps)
    // The head twice, for the model's logits and the lens's, and its gradient.
    let operations =
      rows * 2 * Double(3 * shape.width * shape.vocabulary + 3 * shape.width * shape.width)
      * Double(job.layers.count)
    return operations / rate / 3600
  }

  var coreHours: Double { hours(at: ProductRate.measured()) }

  func needs(threads: Int, coreHours: Double) -> RunNeeds {
    let settings = job.spec.settings
    let translator = 4 * job.width * (job.width + 1)
    return RunNeeds(
      weightBytes: job.data.published.byteCount, rankBytes: rankBytes(threads: threads),
      // Journals, the lens, losses, and the checkpoint of a layer with its optimiser.
      diskBytes: (1 << 20) + 2 * job.layers.count * (translator + 16 * settings.steps)
        + 6 * translator,
      files: 64 + job.layers.count,
      units: min(settings.batch, microbatches.count), coreHours: coreHours)
  }

  var entries: [Entry] {
    let settings = job.spec.settings
    let rate = ProductRate.measured()
    let hours = hours(at: rate)
    let bytes = 4 * job.layers.count * job.width * (job.width + 1)
    return [
      ("texts", Double(job.data.texts.count), "\(job.data.texts.count)"),
      ("tokens", Double(microbatches.keptCount), "\(microbatches.keptCount)"),
      ("layers", Double(job.layers.count), "\(job.layers.count)"),
      ("steps", Double(settings.steps), "\(settings.steps) a layer"),
      (
        "microbatches", Double(microbatches.count),
        "\(microbatches.count), \(min(settings.batch, microbatches.count)) a step"
      ),
      (
        "core_hours", hours,
        "\(hours.formatted(.number.precision(.significantDigits(2)))) at "
          + "\(Int(rate / 1e9)) GFLOP/s a core"
      ),
      ("lens_bytes", Double(bytes), "\(bytes >> 10) KiB, and as much in the journals"),
    ] + needs(threads: threads, coreHours: hours).entries(threads: threads)
  }
}
