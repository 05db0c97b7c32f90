internal import Foundation
internal import Tensors

/// What `plan` prints.
package struct PlanReport: CostReport {
  private let cost: TraceCost
  private let facts: Int
  /// Compute threads of a rank: the job's, or one.
  private let threads: Int
  /// Products per second of one core here, from a short trial.
  private let rate: Double

  package init(_ job: TraceJob) {
    cost = TraceCost(job, TracePlan(job.grid))
    facts = job.facts.count
    threads = job.spec.run.threads ?? 1
    rate = ProductRate.measured()
  }

  package var coreHours: Double { cost.operations / rate / 3600 }

  package var entries: [Entry] {
    func count(_ value: Int) -> String { value.formatted(.number.locale(Locale(identifier: "en"))) }
    func bytes(_ value: Int) -> String {
      value < 10 << 20 ? "\(count(value >> 10)) KiB" : "\(count(value >> 20)) MiB"
    }
    let saved = cost.forwardsNaive / max(cost.forwards, 1e-9)
    return [
      ("facts", Double(facts), count(facts)),
      (
        "patched_runs", Double(cost.patchedRuns),
        "\(count(cost.patchedRuns)), of which "
          + "\(count(cost.equalRuns)) equal the corrupted run by causality"
      ),
      ("units", Double(cost.units), count(cost.units)),
      ("forward_passes_naive", cost.forwardsNaive, count(Int(cost.forwardsNaive.rounded()))),
      (
        "forward_passes", cost.forwards,
        count(Int(cost.forwards.rounded())) + Self.fewer(saved)
      ),
      (
        "core_hours", coreHours,
        "\(coreHours.formatted(.number.precision(.significantDigits(2)))) "
          + "at \(Int(rate / 1e9)) GFLOP/s a core, as products run here"
      ),
      ("result_bytes", Double(cost.resultBytes), "\(bytes(cost.resultBytes)) before compression"),
      ("files", Double(cost.files), "at most \(count(cost.files))"),
    ] + cost.needs(threads: threads, coreHours: coreHours).entries(threads: threads)
  }

  package func needs(threads: Int, coreHours: Double) -> RunNeeds {
    cost.needs(threads: threads, coreHours: coreHours)
  }
}

/// The rate of matrix products on one thread of this machine, in operations a second.
enum ProductRate {
  static func measured() -> Double {
    let weight = PackedMatrix(Tensor<Float>(repeating: 0.5, [768, 768]))
    let x = Tensor<Float>(repeating: 0.25, [224, 768])
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<8 {
      let time = clock.measure { _ = weight.product(x) }
      best = min(best, time / .seconds(1))
    }
    return 2 * 224 * 768 * 768 / best
  }
}
