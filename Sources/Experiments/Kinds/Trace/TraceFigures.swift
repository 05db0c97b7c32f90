internal import Figures
internal import Foundation
internal import Inputs
internal import JobFiles
internal import ResultsStore

/// A trace as figures: heat maps of single facts, and averages over facts by the role of the token,
/// in the form of Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, figures 1 and 2.
struct TraceFigures: Sendable {
  private let run: RunView<TraceTable>
  private let metric: Metric
  /// Places in the job's list of restorations.
  private let sites: [Int]
  private let status: [FactStatus]

  private var table: TraceTable { run.table }
  private var grid: TraceGrid { run.table.grid }

  init(_ run: RunView<TraceTable>, _ options: ShowOptions) throws(Refusal) {
    self.run = run
    let (table, results) = (run.table, run.results)
    let stored = table.grid.metrics
    metric = try stored[
      ShowOptions.place(of: options.metric, in: stored.map(\.rawValue), .metric) ?? 0]
    let names = table.grid.restore.map(\.name)
    sites =
      try ShowOptions.place(of: options.site, in: names, .site).map { [$0] }
      ?? Array(names.indices)
    status = table.facts.indices.map { table.status($0, results) }
  }

  /// The place of a fact: that with the id, or the first that is done, or else traced; nil while
  /// none is.
  func fact(_ id: String?) throws(Refusal) -> Int? {
    guard let id else {
      let traced = status.indices.filter { status[$0] == .traced }
      return traced.first { fact in
        table.plan.unitsOf[fact].joined().allSatisfy {
          run.results.isDone(table.plan.units[$0].number)
        }
      } ?? traced.first
    }
    let place = try ShowOptions.place(of: id, in: table.facts.map(\.id), .fact) ?? 0
    guard status[place] == .traced else {
      let reason = status[place].reason(
        table.baseline(place, run.results), table.facts[place])
      throw Refusal(
        .store, file: run.folder.path, field: "fact \(escaped(id))",
        found: reason ?? "no clean run that is done (\(status[place].name))",
        expected: "a fact that is traced")
    }
    return place
  }

  /// The heat maps of a fact, one a site, under its prompt.
  func figure(of fact: Int) throws(Refusal) -> Figure {
    var panels: [Figure.Panel] = []
    for map in try maps(of: fact) { panels.append(.heatMap(map)) }
    return Figure(title: title(of: fact), panels: panels)
  }

  /// The prompt and its answer.
  func title(of fact: Int) -> String {
    let labels = table.facts[fact]
    return "\(trimmed(labels.prompt)) \u{2192} \(answer(of: fact))"
      + (labels.takesTop ? " (the clean run's most probable token)" : "")
  }

  private func answer(of fact: Int) -> String {
    trimmed(table.baseline(fact, run.results)?.topText ?? table.facts[fact].answer)
  }

  /// Token against layer, the mean over samples, one map a site.
  func maps(of fact: Int) throws(Refusal) -> [HeatMap] {
    let labels = table.facts[fact]
    guard let baseline = table.baseline(fact, run.results) else { return [] }
    var maps: [HeatMap] = []
    for site in sites {
      guard let known = table.cells(fact: fact, restoration: site, knownBy: run.results) else {
        continue
      }
      let cells = table.rounded(known.floats(metric))
      let layers = grid.layers[site]
      maps.append(
        try HeatMap(
          title: "Impact of restoring \(grid.restore[site].part) after corrupted input",
          rows: labels.tokens.enumerated().map {
            HeatMap.Row($1, isSubject: labels.roles.subject.contains($0))
          },
          columns: layers.map { "\($0)" },
          values: labels.tokens.indices.map { position in
            layers.map { layer in
              let start = (layer * grid.longest + position) * grid.samples
              return mean(cells[start..<start + grid.samples])
            }
          },
          valueName: metric.name(of: answer(of: fact)), colors: grid.restore[site].colors,
          columnAxis: axis(site), baseline: mean(baseline.corrupted.map { $0[metric] }[...]),
          clean: Double(baseline.clean[metric])))
    }
    return maps
  }

  /// The line plots of the averages, one a site; nil while the run is not finished.
  func averageFigure() throws(Refusal) -> Figure? {
    guard let averages = try averages() else { return nil }
    var panels: [Figure.Panel] = []
    for average in averages {
      panels.append(
        .lines(
          try LinePlot(
            title: "Restoring \(grid.restore[average.site].part)",
            columns: average.layers.map { "\($0)" },
            series: average.roles.map {
              LinePlot.Series(
                "\($0.role.title) (n = \($0.count))", means: $0.means, standardErrors: $0.errors)
            },
            valueName: metric.averageName, columnAxis: axis(average.site),
            baseline: average.baseline)))
    }
    return Figure(title: averageTitle, panels: panels)
  }

  /// The averages as heat maps, role against layer, one a site; nil while the run is not finished.
  func averageMaps() throws(Refusal) -> [HeatMap]? {
    guard let averages = try averages() else { return nil }
    var maps: [HeatMap] = []
    for average in averages {
      maps.append(
        try HeatMap(
          title: "\(averageTitle): restoring \(grid.restore[average.site].part)",
          rows: average.roles.map { HeatMap.Row($0.role.title) },
          columns: average.layers.map { "\($0)" }, values: average.roles.map(\.means),
          valueName: metric.averageName, colors: grid.restore[average.site].colors,
          columnAxis: axis(average.site), baseline: average.baseline, clean: average.clean))
    }
    return maps
  }

  /// Over how many facts the averages of each role are, a line where that is another for a site; and
  /// which roles fall together: the first token after the subject may be the last of the prompt.
  func averageNotes() throws(Refusal) -> [String] {
    var lines: [String] = []
    for average in try averages() ?? [] {
      let counts = average.roles.map { "\($0.role.title.lowercased()) \($0.count)" }
      let line = "facts of each role: \(counts.joined(separator: ", "))"
      if !lines.contains(line) { lines.append(line) }
    }
    guard !lines.isEmpty else { return [] }
    for (place, role) in TokenRole.allCases.enumerated() {
      for other in TokenRole.allCases[(place + 1)...] {
        let shared = table.facts.indices.count {
          status[$0] == .traced
            && grid.roles[$0].positions(of: role).overlaps(grid.roles[$0].positions(of: other))
        }
        guard shared > 0 else { continue }
        lines.append(
          "in \(shared) of them the \(role.title.lowercased()) is also the \(other.title.lowercased())"
        )
      }
    }
    return lines
  }

  private struct Average {
    struct Line {
      let role: TokenRole
      /// Facts that have a token of the role.
      let count: Int
      let means: [Double]
      let errors: [Double]
    }

    let site: Int
    let layers: [Int]
    let roles: [Line]
    /// Over the facts that are traced.
    let baseline: Double
    let clean: Double
  }

  private func averages() throws(Refusal) -> [Average]? {
    let name = metric.rawValue
    guard let means = try run.floats("summary/mean_\(name)"),
      let errors = try run.floats("summary/standard_error_\(name)"),
      let counts = try run.floats("summary/fact_count")
    else { return nil }
    let traced = table.facts.indices.filter { status[$0] == .traced }
    let known = traced.compactMap { table.baseline($0, run.results) }
    guard !known.isEmpty else { return nil }
    let clean = mean(known.map { $0.clean[metric] }[...])
    let baseline = mean(known.flatMap { $0.corrupted.map { $0[metric] } }[...])
    return sites.map { site in
      let layers = grid.layers[site]
      // Where both runs are the same before the subject, nothing can be restored there.
      let differsBefore = traced.contains {
        grid.corruptedFrom[$0] < grid.roles[$0].subject.lowerBound
      }
      let roles = TokenRole.allCases.enumerated().filter { $0.element != .before || differsBefore }
      let lines = roles.map { place, role in
        let start = (site * TokenRole.allCases.count + place) * grid.layerCount
        let count = layers.map { counts[start + $0] }.max() ?? 0
        return Average.Line(
          role: role, count: Int(count), means: layers.map { Double(means[start + $0]) },
          errors: layers.map { Double(errors[start + $0]) })
      }
      return Average(
        site: site, layers: layers,
        roles: lines.filter { $0.means.contains { !$0.isNaN } },
        baseline: baseline, clean: clean)
    }.filter { !$0.roles.isEmpty }
  }

  private var averageTitle: String {
    let count = status.count { $0 == .traced }
    return "Average over \(count) fact\(count == 1 ? "" : "s") in \(run.modelName)"
  }

  private func axis(_ site: Int) -> String {
    let restoration = grid.restore[site]
    guard restoration.window > 1 else { return "single restored layer within \(run.modelName)" }
    return "center of interval of \(restoration.window) restored \(restoration.axisName) layers"
  }

  private func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces) }

  /// Of what is a number; NaN where nothing is.
  private func mean(_ values: ArraySlice<Float>) -> Double {
    let known = values.filter { !$0.isNaN }
    return known.isEmpty ? .nan : known.reduce(0.0) { $0 + Double($1) } / Double(known.count)
  }
}
