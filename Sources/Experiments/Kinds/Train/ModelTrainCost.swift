internal import CausalModels
internal import Cluster
internal import Foundation
internal import Prompts
internal import Tensors

/// What `plan` prints of a job that trains a model.
struct ModelTrainCost {
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
      (try? job.example(number, of: .train)).map { $0.base.count }
    }
  }

  /// Examples that are seen and steps that are taken, each with all its runs: an exchange runs a
  /// source and a base more.
  private var runs: Int { job.spec.interchange == nil ? 1 : 3 }

  private func rankBytes(threads: Int) -> Int {
    let (steps, count) = (job.steps, job.parameterCount)
    let kept = job.items.values.reduce(0) { $0 + $1.count }
    let thread =
      job.memory.threadBytes(
        runs * steps.microbatch, of: sample.max() ?? 0, evaluated: ModelTraining.evaluated)
      + 4 * 2 * count
    // Weights, two means of gradients, the next of each, gradients on their way through the tree.
    return StepMemory.fixedBytes + 2048 * kept + 4 * 12 * count + threads * thread
  }

  /// The same as any kind tells it.
  var whole: JobCost {
    let count = RunNeeds.count
    let (steps, sample) = (job.steps, sample)
    let each = Double(sample.reduce(0, +)) / Double(max(1, sample.count))
    var entries: [CostReport.Entry] = []
    for split in Split.allCases {
      guard let set = job.sets[split] else { continue }
      entries.append(("\(split.rawValue)_examples", Double(set.count), count(set.count)))
    }
    entries += [
      ("parameters", Double(job.parameterCount), count(job.parameterCount)),
      (
        "steps", Double(steps.total),
        "\(count(steps.total)) of \(steps.stepSize) examples in microbatches of \(steps.microbatch)"
      ),
      (
        "passes_of_example", Double(runs),
        "\(runs), whole: nothing can be kept of runs whose weights change"
      ),
    ]
    let seen = Double(steps.total) * Double(steps.stepSize) * Double(runs)
    let looks = steps.total / max(1, job.spec.train.evaluateEvery ?? steps.perEpoch) + 1
    return JobCost(
      weightBytes: 0, rankBytes: { rankBytes(threads: $0) },
      // Two operations a weight forward and four backward.
      operations: 6 * Double(job.parameterCount) * each * seen,
      besideSeconds: Self.secondsOfExample * seen + Self.secondsOfStep * Double(steps.total),
      parallel: (steps.stepSize + steps.microbatch - 1) / steps.microbatch,
      recordBytes: 8 * steps.total + 16 * looks + 512,
      // The model, a checkpoint with its optimiser and the best weights, and one being written.
      ownBytes: 4096 * 24 + 32 * steps.total + 4 * 10 * job.parameterCount, ownFiles: 12,
      entries: entries)
  }
}
