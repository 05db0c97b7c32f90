internal import CausalModels
internal import Foundation
internal import Tensors

/// What `plan` prints of a job that trains a model.
struct ModelTrainCost: CostReport {
  private let job: ModelTrainJob
  /// Products per second of one core here, from a short trial.
  private let rate: Double

  /// Core seconds of an example and of a step beside their products: what makes examples, the tape,
  /// the optimiser. They are most of a small network's cost and nothing of a large one's. From runs of
  /// `jobs/train-hierarchical-equality.toml` on one thread of an AVX2 processor, with 32 to 4,096
  /// steps of 32,768 to 262,144 examples: 24 to 52 µs an example, 1.4 ms a step.
  private static let secondsOfExample = 45e-6
  private static let secondsOfStep = 1.4e-3

  init(_ job: ModelTrainJob, rate: Double = ProductRate.measured()) {
    (self.job, self.rate) = (job, rate)
  }

  var entries: [Entry] {
    func count(_ value: Int) -> String {
      value.formatted(.number.locale(Locale(identifier: "en")))
    }
    var entries: [(String, Double, String)] = []
    for split in Split.allCases {
      guard let set = job.sets[split] else { continue }
      entries.append(("\(split.rawValue)_examples", Double(set.count), count(set.count)))
    }
    let steps = job.steps
    // Of the first examples: those that a causal model makes are much alike.
    let sample = (0..<min(100, steps.exampleCount)).compactMap {
      try? job.example($0, of: .train)
    }
    let positions = sample.reduce(0) { $0 + ExampleResolver.length($1.base) }
    let each = Double(positions) / Double(max(1, sample.count))
    // Two operations a weight forward and four backward; an exchange runs a source and a base more.
    let runs = job.spec.interchange == nil ? 1.0 : 3.0
    let operations =
      6 * Double(job.parameterCount) * each * runs * Double(steps.total) * Double(steps.stepSize)
    let seen = Double(steps.total) * Double(steps.stepSize) * runs
    let beside = Self.secondsOfExample * seen + Self.secondsOfStep * Double(steps.total)
    let hours = (operations / rate + beside) / 3600
    entries += [
      ("parameters", Double(job.parameterCount), count(job.parameterCount)),
      (
        "steps", Double(steps.total),
        "\(count(steps.total)) of \(steps.stepSize) examples in microbatches of \(steps.microbatch)"
      ),
      (
        "core_hours", hours,
        "\(String(format: "%.2g", hours)) at \(Int(rate / 1e9)) GFLOP/s a core, as products run here, "
          + "\(String(format: "%.2g", beside / 3600)) of it beside products"
      ),
    ]
    return entries
  }
}
