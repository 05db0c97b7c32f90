internal import CausalModels
internal import Foundation
internal import Tensors

/// What `plan` prints of a job that trains a model.
struct ModelTrainCost: CostReport {
  private let job: ModelTrainJob

  /// Core seconds of an example and of a step beside their products: what makes examples, the tape,
  /// the optimiser. They are most of a small network's cost and nothing of a large one's. From runs of
  /// `jobs/train-hierarchical-equality.toml` on one thread of an AVX2 processor, with 32 to 4,096
  /// steps of 32,768 to 262,144 examples: 24 to 52 µs an example, 1.4 ms a step.
  private static let secondsOfExample = 45e-6
  private static let secondsOfStep = 1.4e-3

  init(_ job: ModelTrainJob) { self.job = job }

  /// Examples that stand for all: those that a causal model makes are much alike.
  private var sample: [Int] {
    (0..<min(100, job.steps.exampleCount)).compactMap { number in
      (try? job.example(number, of: .train)).map { ExampleResolver.length($0.base) }
    }
  }

  var coreHours: Double { hours(at: ProductRate.measured()).all }

  /// Core hours at so many operations a second, and the part of them beside products.
  private func hours(at rate: Double) -> (all: Double, beside: Double) {
    let (steps, sample) = (job.steps, sample)
    let each = Double(sample.reduce(0, +)) / Double(max(1, sample.count))
    // Two operations a weight forward and four backward; an exchange runs a source and a base more.
    let runs = job.spec.interchange == nil ? 1.0 : 3.0
    let operations =
      6 * Double(job.parameterCount) * each * runs * Double(steps.total) * Double(steps.stepSize)
    let seen = Double(steps.total) * Double(steps.stepSize) * runs
    let beside = Self.secondsOfExample * seen + Self.secondsOfStep * Double(steps.total)
    return ((operations / rate + beside) / 3600, beside / 3600)
  }

  func needs(threads: Int, coreHours: Double) -> RunNeeds {
    let (steps, count) = (job.steps, job.parameterCount)
    let runs = job.spec.interchange == nil ? 1 : 3
    let kept = job.items.values.reduce(0) { $0 + $1.count }
    let thread =
      job.memory.threadBytes(
        runs * steps.microbatch, of: sample.max() ?? 0, evaluated: ModelTraining.evaluated)
      + 4 * 2 * count
    return RunNeeds(
      weightBytes: 0,
      // Weights, two means of gradients, the next of each, gradients on their way through the tree.
      rankBytes: StepMemory.fixedBytes + 2048 * kept + 4 * 12 * count + threads * thread,
      // The model, a checkpoint with its optimiser and the best weights, and one being written.
      diskBytes: (1 << 20) + 4096 * 24 + 32 * steps.total + 4 * 10 * count, files: 80,
      units: (steps.stepSize + steps.microbatch - 1) / steps.microbatch, coreHours: coreHours)
  }

  var entries: [Entry] {
    let threads = job.spec.run.threads ?? 1
    return work + needs(threads: threads, coreHours: 0).entries(threads: threads)
  }

  /// What there is to do.
  var work: [Entry] {
    func count(_ value: Int) -> String {
      value.formatted(.number.locale(Locale(identifier: "en")))
    }
    var entries: [(String, Double, String)] = []
    for split in Split.allCases {
      guard let set = job.sets[split] else { continue }
      entries.append(("\(split.rawValue)_examples", Double(set.count), count(set.count)))
    }
    let steps = job.steps
    let rate = ProductRate.measured()
    let (hours, beside) = hours(at: rate)
    entries += [
      ("parameters", Double(job.parameterCount), count(job.parameterCount)),
      (
        "steps", Double(steps.total),
        "\(count(steps.total)) of \(steps.stepSize) examples in microbatches of \(steps.microbatch)"
      ),
      (
        "core_hours", hours,
        "\(String(format: "%.2g", hours)) at \(Int(rate / 1e9)) GFLOP/s a core, as products run here, "
          + "\(String(format: "%.2g", beside)) of it beside products"
      ),
    ]
    return entries
  }
}
