internal import CausalModels
internal import Foundation
internal import Models
internal import Tensors

/// What `plan` prints of a training job.
struct DasCost: CostReport {
  private let job: DasJob
  /// Products per second of one core here, from a short trial.
  private let rate = ProductRate.measured()

  init(_ job: DasJob) { self.job = job }

  /// Operations of a token through a layer, forward; 2 for each weight of its matrices.
  private var layerOperations: Double {
    2 * Double(job.parameterCount) / Double(job.layerCount)
  }

  /// Positions of all examples that training goes through, and of those that a cone has.
  private func rows(_ point: DasGrid.Point) -> (all: Int, cone: Int) {
    var (all, cone) = (0, 0)
    for item in job.items[.train] ?? [] {
      let length = ExampleResolver.length(item.example.base)
      let first =
        job.spec.interventions.compactMap { intervention in
          try? (intervention.position ?? point.position ?? .last(at: item.place)).resolve(
            length: length, names: item.example.basePlaces, example: item.place
          ).first
        }.min() ?? 0
      all += length
      cone += length - first
    }
    return (all, cone)
  }

  var entries: [Entry] {
    func count(_ value: Double) -> String {
      Int(value.rounded()).formatted(.number.locale(Locale(identifier: "en")))
    }
    let steps = job.steps
    let epochs = Double(steps.total) / Double(steps.perEpoch)
    var (naive, cone) = (0.0, 0.0)
    for point in job.grid.points {
      let rows = rows(point)
      let above = Double(job.layerCount - (point.layer ?? 0)) / Double(job.layerCount)
      // Source and base forward, and backward through the base; kept, only the cone both ways.
      naive += epochs * Double(rows.all) * (2 + above)
      cone += 2 * Double(rows.all) + epochs * Double(rows.cone) * 2 * above
    }
    let operations = cone * layerOperations * Double(job.layerCount)
    let saved = naive / max(cone, 1)
    var entries: [(String, Double, String)] = []
    if case .trained(let first) = job.weights {
      entries += ModelTrainCost(first, rate: rate).entries.map {
        ("pretrain_\($0.key)", $0.value, $0.text)
      }
    }
    for split in Split.allCases {
      guard let items = job.items[split] else { continue }
      entries.append(
        ("\(split.rawValue)_examples", Double(items.count), count(Double(items.count))))
    }
    entries += [
      ("trainings", Double(job.grid.count), count(Double(job.grid.count))),
      (
        "steps", Double(steps.total),
        "\(count(Double(steps.total))) each, of \(steps.stepSize) examples in microbatches of "
          + "\(steps.microbatch)"
      ),
      ("token_passes_naive", naive, count(naive)),
      (
        "token_passes", cone,
        count(cone) + Self.fewer(saved)
      ),
    ]
    if operations > 0 {
      let hours = operations / rate / 3600
      entries.append(
        (
          "core_hours", hours,
          "\(String(format: "%.2g", hours)) at \(Int(rate / 1e9)) GFLOP/s a core, as products run here"
        ))
    }
    return entries
  }
}
