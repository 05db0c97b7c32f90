package import Figures
internal import Foundation
package import Inputs
internal import ResultsStore

/// A trace as figures: heat maps of single facts, and averages over facts by the role of the token,
/// in the form of Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, figures 1 and 2.
package struct TraceFigures: Sendable {
  private let reader: TraceReader
  private let journals: TraceJournals
  private let metric: Metric
  /// Places in the job's list of restorations.
  private let sites: [Int]
  private let status: [FactStatus]

  /// - Parameters:
  ///   - site: The name of one restoration; nil for all.
  ///   - metric: Nil for the first that is stored.
  package init(_ path: String, site: String? = nil, metric: String? = nil) throws(Refusal) {
    let folder = try RunFolder.open(path)
    guard let reader = try TraceReader(folder) else {
      throw Refusal(
        .store, file: folder.path, found: "a run that has only begun", expected: "results to show")
    }
    let journals = try TraceJournals(folder, reader.grid, reader.plan)
    (self.reader, self.journals) = (reader, journals)
    let stored = reader.grid.metrics
    self.metric = try stored[
      Self.place(metric, in: stored.map(\.rawValue), "--metric", what: "metric") ?? 0]
    let names = reader.grid.restore.map(\.name)
    let site = try Self.place(site, in: names, "--site", what: "site")
    sites = site.map { [$0] } ?? Array(names.indices)
    status = reader.facts.indices.map { fact in
      journals.baselines[fact].map {
        reader.spec.status(answer: reader.facts[fact].answerID, $0)
      } ?? (journals.failures[fact] == nil ? .pending : .failed)
    }
  }

  /// The place of a name that the user gave, or a refusal with the nearest one.
  private static func place(
    _ name: String?, in names: [String], _ option: String, what: String
  ) throws(Refusal) -> Int? {
    guard let name else { return nil }
    if let place = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) { return place }
    let shown = names.prefix(20).map(escaped).joined(separator: ", ")
    // One number is no more meant by another than the rest.
    let near = Int(name) == nil ? nearest(to: name, among: names) : nil
    throw Refusal(
      .commandLine, field: option, found: "\(quoted(name)), which this run does not have",
      expected: "a \(what) of \(shown)\(names.count > 20 ? ", ..." : "")"
        + (near.map { " (did you mean \(escaped($0))?)" } ?? ""))
  }

  /// The place of a fact: that with the id, or the first that is done, or else traced; nil while
  /// none is.
  package func fact(_ id: String?) throws(Refusal) -> Int? {
    guard let id else {
      let traced = status.indices.filter { status[$0] == .traced }
      return traced.first { fact in
        reader.plan.unitsOf[fact].joined().allSatisfy {
          journals.entries[reader.plan.units[$0].number] != nil
        }
      } ?? traced.first
    }
    let place = try Self.place(id, in: reader.facts.map(\.id), "--fact", what: "fact") ?? 0
    guard status[place] == .traced else {
      let reason = journals.baselines[place].map {
        status[place].reason($0, reader.facts[place])
      }
      throw Refusal(
        .store, file: reader.folder.path, field: "fact \(escaped(id))",
        found: reason ?? "no clean run that is done (\(status[place].name))",
        expected: "a fact that is traced")
    }
    return place
  }

  /// The heat maps of a fact, one a site, under its prompt.
  package func figure(of fact: Int) throws(Refusal) -> Figure {
    var panels: [Figure.Panel] = []
    for map in try maps(of: fact) { panels.append(.heatMap(map)) }
    return Figure(title: title(of: fact), panels: panels)
  }

  /// The prompt and its answer.
  package func title(of fact: Int) -> String {
    let labels = reader.facts[fact]
    return
      "\(labels.prompt.trimmingCharacters(in: .whitespaces)) \u{2192} \(trimmed(labels.answer))"
  }

  /// Token against layer, the mean over samples, one map a site.
  package func maps(of fact: Int) throws(Refusal) -> [HeatMap] {
    let (grid, labels) = (reader.grid, reader.facts[fact])
    guard let baseline = journals.baselines[fact] else { return [] }
    var maps: [HeatMap] = []
    for site in sites {
      guard let cells = try reader.cells(fact: fact, restoration: site, metric, journals) else {
        continue
      }
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
          valueName: metric.name(of: trimmed(labels.answer)), colors: grid.restore[site].colors,
          columnAxis: axis(site), baseline: mean(baseline.corrupted.map { $0[metric] }[...]),
          clean: Double(baseline.clean[metric])))
    }
    return maps
  }

  /// The line plots of the averages, one a site; nil while the run is not finished.
  package func averageFigure() throws(Refusal) -> Figure? {
    guard let averages = try averages() else { return nil }
    var panels: [Figure.Panel] = []
    for average in averages {
      panels.append(
        .lines(
          try LinePlot(
            title: "Restoring \(reader.grid.restore[average.site].part)",
            columns: average.layers.map { "\($0)" },
            series: average.roles.map {
              LinePlot.Series($0.role.title, means: $0.means, standardErrors: $0.errors)
            },
            valueName: metric.averageName, columnAxis: axis(average.site),
            baseline: average.baseline)))
    }
    return Figure(title: averageTitle, panels: panels)
  }

  /// The averages as heat maps, role against layer, one a site; nil while the run is not finished.
  package func averageMaps() throws(Refusal) -> [HeatMap]? {
    guard let averages = try averages() else { return nil }
    var maps: [HeatMap] = []
    for average in averages {
      maps.append(
        try HeatMap(
          title: "\(averageTitle): restoring \(reader.grid.restore[average.site].part)",
          rows: average.roles.map { HeatMap.Row($0.role.title) },
          columns: average.layers.map { "\($0)" }, values: average.roles.map(\.means),
          valueName: metric.averageName, colors: reader.grid.restore[average.site].colors,
          columnAxis: axis(average.site), baseline: average.baseline, clean: average.clean))
    }
    return maps
  }

  private struct Average {
    struct Line {
      let role: TokenRole
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
    let (grid, name) = (reader.grid, metric.rawValue)
    guard let means = try reader.floats("summary/mean_\(name)"),
      let errors = try reader.floats("summary/standard_error_\(name)")
    else { return nil }
    let known = journals.baselines.filter { status[$0.key] == .traced }
      .sorted { $0.key < $1.key }.map(\.value)
    guard !known.isEmpty else { return nil }
    let clean = mean(known.map { $0.clean[metric] }[...])
    let baseline = mean(known.flatMap { $0.corrupted.map { $0[metric] } }[...])
    return sites.map { site in
      let layers = grid.layers[site]
      // What precedes the subject is the same in both runs, so nothing can be restored there.
      let roles = TokenRole.allCases.enumerated().filter { $0.element != .before }
      let lines = roles.map { place, role in
        let start = (site * TokenRole.allCases.count + place) * grid.layerCount
        return Average.Line(
          role: role, means: layers.map { Double(means[start + $0]) },
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
    return "Average over \(count) fact\(count == 1 ? "" : "s") in \(modelName)"
  }

  /// The model's file or folder without its ending.
  private var modelName: String {
    let name = URL(fileURLWithPath: reader.spec.model.path.resolved).lastPathComponent
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }

  private func axis(_ site: Int) -> String {
    let restoration = reader.grid.restore[site]
    guard restoration.window > 1 else { return "single restored layer within \(modelName)" }
    return "center of interval of \(restoration.window) restored \(restoration.axisName) layers"
  }

  private func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespaces) }

  /// Of what is a number; NaN where nothing is.
  private func mean(_ values: ArraySlice<Float>) -> Double {
    let known = values.filter { !$0.isNaN }
    return known.isEmpty ? .nan : known.reduce(0.0) { $0 + Double($1) } / Double(known.count)
  }
}
