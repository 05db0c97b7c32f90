internal import Figures
internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Prompts
internal import ResultsStore

/// A training job as figures: accuracy by layer and place, loss and accuracy against steps, and
/// boundaries.
struct DasFigures<Spec: TrainingSpec> {
  private let run: RunView<TrainingTable<Spec>>
  /// By unit; of those under way as far as their checkpoints tell.
  private let results: [Int: DasResult]
  private let doneCount: Int

  private enum Measure: String, CaseIterable { case accuracy, loss, boundary }

  init(_ run: RunView<TrainingTable<Spec>>) throws(Refusal) {
    self.run = run
    var results: [Int: DasResult] = [:]
    for (unit, history) in TrainingFiles.underWay(in: run.folder.path).kept
    where unit < run.table.unitCount {
      results[unit] = DasResult(soFar: history, splits: Split.allCases.count)
    }
    for unit in run.results.done { results[unit] = run.results[unit] }
    (self.results, doneCount) = (results, run.results.doneCount)
    guard !results.isEmpty else {
      let first = run.table.first(in: run.folder.path)
      throw run.nothing(
        "no training that has come to a checkpoint yet",
        expected: "results to show"
          + (first.map { "; those of \($0.what) are in \($0.path)" } ?? ""))
    }
  }

  /// - Parameter measure: Only this: accuracy, loss or boundary; nil for all that there is.
  func pictures(_ measure: String?) throws(Refusal) -> RunPictures {
    var chosen = Measure.allCases
    if let measure {
      guard let one = Measure(rawValue: measure) else {
        let names = Measure.allCases.map(\.rawValue)
        throw Refusal(
          .commandLine, field: "--metric",
          found: "\(quoted(measure)), which this run does not have",
          expected: nearest(to: measure, among: names).map { "\($0) (did you mean that?)" }
            ?? "one of \(names.joined(separator: ", "))")
      }
      chosen = [one]
    }
    var panels: [Figure.Panel] = []
    for measure in chosen {
      switch measure {
      case .accuracy:
        for map in try accuracyMaps() { panels.append(.heatMap(map)) }
        panels += try [accuracyLines(), controlLines(), developmentLines()].compactMap {
          $0.map { .lines($0) }
        }
      case .loss: panels.append(.lines(try lossLines()))
      case .boundary: panels += try boundaryLines().map { [.lines($0)] } ?? []
      }
    }
    guard !panels.isEmpty else {
      throw Refusal(
        .commandLine, field: "--metric", found: "\(measure ?? ""), which this run does not have",
        expected: "accuracy or loss")
    }
    return RunPictures(title: title, panels: panels, table: table)
  }

  private var grid: DasGrid { run.table.grid }

  private var title: String {
    let name = URL(fileURLWithPath: run.table.spec.modelName).lastPathComponent
    let types = Set(run.table.spec.interventions.map(\.typeName)).sorted().joined(separator: ", ")
    guard Spec.jobKind == .das else {
      return "\(name) trained" + (types.isEmpty ? "" : " with \(types)")
    }
    return "\(types) in \(name), \(doneCount) of \(grid.count) trainings"
  }

  /// The split that accuracies are of: the test's, or what there is.
  private var split: Split {
    [.test, .development].first { split in
      results.values.contains { $0.scores[place(of: split)] != nil }
    } ?? .train
  }

  private func place(of split: Split) -> Int { Split.allCases.firstIndex(of: split) ?? 0 }

  private func result(_ layer: Int, _ position: Int, _ width: Int) -> DasResult? {
    results[(layer * grid.positions.count + position) * grid.widths.count + width]
  }

  private var layerLabels: [String] { grid.layers.map { $0.map { "\($0)" } ?? "-" } }

  /// Place against layer, one map a width; none where there is one training.
  private func accuracyMaps() throws(Refusal) -> [HeatMap] {
    guard grid.layers.count * grid.positions.count > 1 else { return [] }
    let place = place(of: split)
    var maps: [HeatMap] = []
    for width in grid.widths.indices {
      let values = grid.positions.indices.map { position in
        grid.layers.indices.map { layer in
          result(layer, position, width)?.scores[place]?.accuracy ?? .nan
        }
      }
      let unchanged = results.values.compactMap { $0.unchanged?.accuracy }.first
      maps.append(
        try HeatMap(
          title: "Interchange intervention accuracy, \(split.rawValue)"
            + (grid.widths[width].map { ", width \($0)" } ?? ""),
          rows: grid.positions.map { HeatMap.Row($0?.label ?? "-") }, columns: layerLabels,
          values: values, valueName: "accuracy", columnAxis: "layer", clean: unchanged,
          range: 0...1))
    }
    return maps
  }

  /// Accuracy against layers with its interval, a line for each place and width.
  private func accuracyLines() throws(Refusal) -> LinePlot? {
    guard grid.layers.count > 1 else { return nil }
    let place = place(of: split)
    var series: [LinePlot.Series] = []
    for position in grid.positions.indices {
      for width in grid.widths.indices {
        let scores = grid.layers.indices.map { result($0, position, width)?.scores[place] }
        series.append(
          LinePlot.Series(
            name(position, width), means: scores.map { $0?.accuracy ?? .nan },
            lows: scores.map { $0?.interval.low ?? .nan },
            highs: scores.map { $0?.interval.high ?? .nan }))
      }
    }
    return try LinePlot(
      title: "Accuracy by layer", columns: layerLabels, series: series,
      valueName: "accuracy, \(split.rawValue)", columnAxis: "layer",
      bandName: "95 % intervals (Wilson)", range: 0...1)
  }

  private func name(_ position: Int, _ width: Int) -> String {
    let parts = [
      grid.positions[position].map { "at \($0.label)" }, grid.widths[width].map { "width \($0)" },
    ].compactMap { $0 }
    return parts.isEmpty ? "trained" : parts.joined(separator: ", ")
  }

  /// What the accuracies are compared with, best training by best training of each layer.
  private func controlLines() throws(Refusal) -> LinePlot? {
    guard grid.layers.count > 1 else { return nil }
    let place = place(of: split)
    func best(_ layer: Int) -> DasResult? {
      grid.positions.indices.flatMap { position in
        grid.widths.indices.compactMap { result(layer, position, $0) }
      }.max { ($0.scores[place]?.accuracy ?? -1) < ($1.scores[place]?.accuracy ?? -1) }
    }
    let results = grid.layers.indices.map(best)
    var series = [
      LinePlot.Series("trained", means: results.map { $0?.scores[place]?.accuracy ?? .nan })
    ]
    for control in DasResult.Control.allCases {
      let means = results.map { $0?.controls[control.rawValue]?.accuracy ?? .nan }
      guard means.contains(where: { !$0.isNaN }) else { continue }
      series.append(
        LinePlot.Series(control.name.replacing("_", with: " "), means: means))
    }
    return try LinePlot(
      title: "Best training of each layer beside its controls", columns: layerLabels,
      series: series, valueName: "accuracy", columnAxis: "layer", range: 0...1)
  }

  /// Accuracy on the development set against steps; nil where nothing was looked at on the way.
  private func developmentLines() throws(Refusal) -> LinePlot? {
    let steps = run.table.outline.evaluations
    guard !steps.isEmpty else { return nil }
    return try LinePlot(
      title: "Accuracy on the development set", columns: steps.map { "\($0)" },
      series: shown.map { unit, result in
        let known = Dictionary(uniqueKeysWithValues: result.evaluations.map { ($0.step, $0) })
        return LinePlot.Series(
          grid.point(unit).text, means: steps.map { known[$0]?.accuracy ?? .nan })
      }, valueName: "accuracy", columnAxis: "step", range: 0...1)
  }

  /// The trainings that are drawn one by one: the ten best.
  private var shown: [(unit: Int, result: DasResult)] {
    let place = place(of: split)
    let order = results.sorted { a, b in
      let (x, y) = (a.value.scores[place]?.accuracy ?? -1, b.value.scores[place]?.accuracy ?? -1)
      return x != y ? x > y : a.key < b.key
    }
    return order.prefix(10).map { ($0.key, $0.value) }
  }

  private func lossLines() throws(Refusal) -> LinePlot {
    try LinePlot(
      title: "Loss (\(run.table.spec.train.loss.rawValue)), the best trainings",
      columns: (0..<run.table.outline.steps).map { "\($0)" },
      series: shown.map { unit, result in
        LinePlot.Series(
          grid.point(unit).text,
          means: result.losses.map { Double($0) }
            + Array(repeating: .nan, count: run.table.outline.steps - result.losses.count))
      }, valueName: "loss", columnAxis: "step")
  }

  /// The part of the coordinates that boundless rotations exchange, against layers or trainings.
  private func boundaryLines() throws(Refusal) -> LinePlot? {
    let count = results.values.map(\.boundaries.count).max() ?? 0
    guard count > 0 else { return nil }
    // Linked interventions have one boundary; where each has its own, lines have their numbers.
    let all = run.table.spec.interventions.indices.filter {
      run.table.spec.interventions[$0].typeName == "BoundlessRotatedSpaceIntervention"
    }
    var series: [LinePlot.Series] = []
    for position in grid.positions.indices {
      for width in grid.widths.indices {
        for number in 0..<count {
          let entry = all.count == count ? all[number] : number
          series.append(
            LinePlot.Series(
              (count > 1 ? "[\(entry)] " : "") + name(position, width),
              means: grid.layers.indices.map { layer in
                let boundaries = result(layer, position, width)?.boundaries ?? []
                guard number < boundaries.count else { return .nan }
                return min(1, max(0.001, Double(boundaries[number])))
              }))
        }
      }
    }
    return try LinePlot(
      title: "Boundaries", columns: layerLabels, series: series,
      valueName: "exchanged part of coordinates", columnAxis: "layer", range: 0...1)
  }

  /// The best trainings in numbers, with their controls.
  private var table: String {
    let place = place(of: split)
    func percent(_ score: Score?) -> String {
      guard let score else { return "-" }
      let (low, high) = score.interval
      return String(format: "%.3f [%.3f, %.3f]", score.accuracy, low, high)
    }
    var lines: [String] = []
    for (unit, result) in shown {
      var line = "\(grid.point(unit).text): \(split.rawValue) \(percent(result.scores[place]))"
      for control in DasResult.Control.allCases {
        guard let score = result.controls[control.rawValue] else { continue }
        line += String(
          format: ", %@ %.3f", control.name.replacing("_", with: " "), score.accuracy)
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }
}
