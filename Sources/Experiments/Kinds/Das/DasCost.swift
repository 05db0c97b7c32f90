internal import CausalModels
internal import Cluster
internal import Foundation
internal import JobFiles
internal import Models
internal import Prompts
internal import Tensors

/// What `plan` prints of a training job.
struct DasCost {
  private let job: DasJob

  init(_ job: DasJob) { self.job = job }

  /// Core seconds of an example and of a step beside their products: what makes examples, the tape,
  /// the optimiser. From `jobs/das-hierarchical-equality.toml`, where there is next to nothing else.
  private static let secondsOfExample = 60e-6
  private static let secondsOfStep = 1.4e-3

  /// Positions of a split's examples, and of those that a cone has.
  private func rows(_ point: DasGrid.Point, _ split: Split) -> (all: Int, cone: Int) {
    var (all, cone) = (0, 0)
    for item in job.items[split] ?? [] {
      let length = item.base.count
      let first =
        job.spec.interventions.compactMap { intervention in
          try? (intervention.position ?? point.position ?? .last(at: item.place)).resolve(
            in: item.base.places, called: "an example"
          ).first
        }.min() ?? 0
      all += length
      switch job.cut {
      case .positions, .steps: cone += length - first
      case .layers, .none: cone += length
      }
    }
    return (all, cone)
  }

  /// Passes of a token through the whole model, without reuse and with it, of one training.
  private func passes(_ point: DasGrid.Point) -> (naive: Double, cone: Double) {
    let steps = job.steps
    let epochs = Double(steps.total) / Double(steps.perEpoch)
    let looks = Double(steps.total / (job.spec.train.evaluateEvery ?? steps.perEpoch))
    let lowest = point.layer ?? job.spec.interventions.compactMap(\.layer).min() ?? 0
    let above =
      switch job.cut {
      case .positions, .layers: Double(job.layerCount - lowest) / Double(job.layerCount)
      case .steps, .none: 1.0
      }
    var (naive, cone) = (0.0, 0.0)
    for split in Split.allCases {
      let (all, behind) = rows(point, split)
      // Each split is looked at once in the end, the development set also on the way.
      let forward = split == .development ? 1 + looks : 1
      let both = split == .train ? epochs : 0
      // Source and base forward, and backward through the base; kept, only the cone both ways.
      naive += Double(all) * (2 * forward + (2 + above) * both)
      cone += 2 * Double(all) + Double(behind) * above * (forward + 2 * both)
      guard split == job.controlSplit else { continue }
      // Without interventions, swapped, shuffled, and with random rotations.
      naive += 7 * Double(all)
      cone += 5 * Double(all) + Double(behind) * above
    }
    return (naive, cone)
  }

  private var exampleCount: Int { job.items.values.reduce(0) { $0 + $1.count } }

  /// The cost of the model's own training, where that comes first.
  private var first: JobCost? {
    guard case .trained(let first) = job.weights else { return nil }
    return ModelTrainCost(first).whole
  }

  /// Bytes of a rank beside the states that are kept of unchanged runs, which can lie on the disk.
  private func neededBytes(threads: Int) -> Int {
    let longest =
      job.items.values.joined().map { $0.base.count }.max() ?? 0
    let thread =
      job.memory.threadBytes(job.steps.microbatch, of: longest, evaluated: DasTraining.evaluated)
      + 4 * 16 * job.trainedCount
    return StepMemory.fixedBytes + 2048 * exampleCount + threads * thread
  }

  /// Bytes that `run.memory` has left for kept states.
  func cacheBytes(threads: Int) -> Int {
    max(0, job.spec.run.memory - neededBytes(threads: threads))
  }

  private func rankBytes(threads: Int) -> Int {
    let lengths = job.items.values.joined().map { $0.base.count }
    let kept = min(
      cacheBytes(threads: threads), 4 * lengths.reduce(0, +) * job.memory.keptFloats)
    return max(first?.rankBytes(threads) ?? 0, neededBytes(threads: threads) + kept)
  }

  private var weightBytes: Int {
    switch job.weights {
    case .published(let opened, _): opened.weightBytes
    case .trained: MemoryLayout<Float>.stride * job.parameterCount
    }
  }

  /// Microbatches of all trainings that can be worked on at once.
  private var parallel: Int {
    let (size, part) = (job.steps.stepSize, job.steps.microbatch)
    return job.grid.count * ((size + part - 1) / part)
  }

  /// The same as any kind tells it.
  var whole: JobCost {
    let count = RunNeeds.count
    let (steps, first) = (job.steps, first)
    let (naive, cone) = job.grid.points.map(passes).reduce((0, 0)) {
      ($0.0 + $1.naive, $0.1 + $1.cone)
    }
    let seen = Double(job.grid.count) * Double(steps.total * steps.stepSize + 2 * exampleCount)
    var entries: [CostReport.Entry] =
      first?.entries.map { ("pretrain_\($0.key)", $0.value, $0.text) } ?? []
    for split in Split.allCases {
      guard let items = job.items[split] else { continue }
      entries.append(("\(split.rawValue)_examples", Double(items.count), count(items.count)))
    }
    let (whole, few) = (Int(naive.rounded()), Int(cone.rounded()))
    entries += [
      ("trainings", Double(job.grid.count), count(job.grid.count)),
      (
        "steps", Double(steps.total),
        "\(count(steps.total)) each, of \(steps.stepSize) examples in microbatches of "
          + "\(steps.microbatch)"
      ),
      ("token_passes_naive", naive, count(whole)),
      ("token_passes", cone, count(few) + PlanReport.fewer(naive / max(cone, 1))),
    ]
    if job.cut == .none {
      entries.append(
        ("full_passes", cone, "of every base: nothing of its unchanged run can be kept"))
    }
    let looks = steps.total / max(1, job.spec.train.evaluateEvery ?? steps.perEpoch) + 1
    let folder = 4096 * 8 + 2 * 4 * job.trainedCount
    return JobCost(
      weightBytes: weightBytes, rankBytes: { rankBytes(threads: $0) },
      operations: cone * 2 * Double(job.parameterCount) + (first?.operations ?? 0),
      besideSeconds: Self.secondsOfExample * seen
        + Self.secondsOfStep * Double(steps.total * job.grid.count) + (first?.besideSeconds ?? 0),
      parallel: max(parallel, first?.parallel ?? 0),
      recordBytes: job.grid.count * (8 * steps.total + 16 * looks + 512)
        + (first?.recordBytes ?? 0),
      // Parameters once, and checkpoints of what is under way.
      ownBytes: job.grid.count * folder + min(job.grid.count, 64)
        * (4 * 5 * job.trainedCount + 32 * steps.total)
        + (first.map { $0.ownBytes + $0.recordBytes + (1 << 20) } ?? 0),
      ownFiles: job.grid.count * (4 + job.spec.interventions.count)
        + (first.map { $0.ownFiles + 140 } ?? 0),
      entries: entries)
  }
}
