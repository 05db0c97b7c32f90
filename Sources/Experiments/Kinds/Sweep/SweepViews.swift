internal import Figures
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore

/// A kind that sweeps replacements over a model's sites.
protocol SweepKind: Kind where Layout == SweepTable<Sweep> {
  associatedtype Sweep: SweepSpec
  var data: SweepData<Sweep> { get }
  /// A dump that values come from; nil: the model makes them all.
  var dump: DumpReader? { get }
}

extension SweepKind {
  static var choices: Set<ShowOptions.Choice> { [.fact, .site, .metric] }

  var weights: JobWeights? {
    JobWeights(
      checkpoint: data.published.checkpoint, section: spec.model, notes: data.published.notes,
      dump: dump)
  }

  static func views(
    _ run: RunView<Layout>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures { try run.sweepPictures(options) }

  static func rows(
    _ run: RunView<Layout>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows { run.sweepRows() }

  static func notes(_ run: RunView<Layout>) -> [String] {
    run.table.undefinedRecoveryLine(run.results).map { [$0] } ?? []
  }
}

/// What a sweep is shown as: maps of layers against heads or positions, bars with intervals of what
/// has one axis, and tables.
extension RunView {
  func sweepPictures<Spec>(
    _ options: ShowOptions
  ) throws(Refusal) -> RunPictures where Layout == SweepTable<Spec> {
    let (spec, prompts) = (table.spec, table.outline.prompts)
    let metrics = spec.metric.store.map(\.rawValue)
    let derived = Spec.hasPairs ? "recovery" : "change"
    let names = metrics.map { "\($0)_\(derived)" } + metrics
    let metric = names[try ShowOptions.place(of: options.metric, in: names, .metric) ?? 0]
    let items =
      try ShowOptions.place(of: options.site, in: spec.items.map(\.name), .site)
      .map { [$0] } ?? Array(spec.items.indices)
    if let id = options.fact,
      let skipped = table.outline.skipped?.first(where: { ByteKey($0.id) == ByteKey(id) })
    {
      throw Refusal(
        .store, file: folder.path, field: "\(Spec.promptAxis) \(escaped(id))",
        found: "skipped: \(skipped.reason)", expected: "a \(Spec.promptAxis) that has units")
    }
    let prompt = try ShowOptions.place(of: options.fact, in: prompts.map(\.id), .fact)
    var panels: [Figure.Panel] = []
    for item in items {
      for condition in spec.conditions.indices {
        let view = try SweepPanel(
          self, item: item, condition: condition, metric: metric, prompt: prompt)
        if let panel = try view.panel() { panels.append(panel) }
      }
    }
    guard !panels.isEmpty else {
      throw nothing(
        "no cells yet",
        expected: prompt == nil ? "a finished run, or --fact ID of one that is done" : "its cells")
    }
    let undefined = table.undefinedRecoveries(results)
      .first { metric == "\($0.metric.rawValue)_recovery" }
    let left = undefined.map { "\(prompts.count - $0.count) of " } ?? ""
    let title =
      prompt.map { number in
        let own = prompts[number]
        return "\((own.text ?? own.tokens.joined()).trimmingCharacters(in: .whitespaces)) \u{2192} "
          + (table.top(number, results)?.text ?? own.answer).trimmingCharacters(in: .whitespaces)
          + (own.takesTop ? " (the clean run's most probable token)" : "")
      } ?? "\(Spec.hasPairs ? "Patching" : "Ablation"), mean over \(left)\(prompts.count) "
      + "\(Spec.promptAxis)\(prompts.count == 1 ? "" : "s") in \(modelName)"
    return RunPictures(title: title, panels: panels)
  }

  /// One line for each prompt, condition and cell that has a value.
  func sweepRows<Spec>() -> ExportRows where Layout == SweepTable<Spec> {
    let spec = table.spec
    let metrics = spec.metric.store.map(\.rawValue)
    let derived = Spec.hasPairs ? "recovery" : "change"
    // Of a site without an axis its column is empty.
    let places = ["layer", "head", "neuron", "unit", "unit_pair", "position"].filter { name in
      zip(spec.items, table.outline.grids).contains { item, grid in
        grid.axes(item).contains { $0.name == name }
      }
    }
    let heading =
      [Spec.promptAxis, Spec.conditionAxis, "site"] + places + ["status"] + metrics
      + metrics.map { "\($0)_\(derived)" }
    return ExportRows(heading: heading.joined(separator: ",")) { (add) throws(Refusal) in
      for (item, site) in spec.items.enumerated() {
        let axes = table.outline.grids[item].axes(site)
        let labels = SweepPanel.labels(table, item)
        for (prompt, own) in table.outline.prompts.enumerated() {
          for (condition, name) in spec.conditions.enumerated() {
            let values = try self.values(3 + 3 * item, at: [prompt, condition])
            var columns: [[Float]] = []
            for case .floats(let column)? in values { columns.append(column) }
            guard case .bytes(let status)? = values.last ?? nil else { continue }
            for cell in status.indices where !columns.allSatisfy({ $0[cell].isNaN }) {
              var (rest, parts) = (cell, [String: String]())
              for (axis, label) in zip(axes, labels).reversed() {
                let text = label[rest % max(1, axis.count)]
                parts[axis.name] = Int(text) == nil ? ExportRows.quoted(text) : text
                rest /= max(1, axis.count)
              }
              let line =
                [ExportRows.quoted(own.id), name, site.name] + places.map { parts[$0] ?? "" }
                + [CellStatus(rawValue: status[cell])?.name ?? ""]
                + columns.map { ExportRows.number($0[cell]) }
              try add(line.joined(separator: ","))
            }
          }
        }
      }
    }
  }
}

/// One item under one condition, of all prompts or of one.
private struct SweepPanel<Spec: SweepSpec> {
  private let run: RunView<SweepTable<Spec>>
  private let item: Int
  private let condition: Int
  private let metric: String
  private let prompt: Int?

  init(
    _ run: RunView<SweepTable<Spec>>, item: Int, condition: Int, metric: String, prompt: Int?
  ) throws(Refusal) {
    (self.run, self.item, self.condition) = (run, item, condition)
    (self.metric, self.prompt) = (metric, prompt)
  }

  private var table: SweepTable<Spec> { run.table }
  private var site: SweptSite { table.spec.items[item] }

  /// The labels along an item's axes.
  static func labels(_ table: SweepTable<Spec>, _ item: Int) -> [[String]] {
    let (site, grid) = (table.spec.items[item], table.outline.grids[item])
    var labels: [[String]] = []
    if grid.units == nil {
      labels.append((grid.layers ?? []).map(String.init))
      if let coordinates = grid.coordinates { labels.append(coordinates.map(String.init)) }
    } else if let names = grid.unitNames(site) {
      labels.append(names)
    }
    if site.eachPosition {
      labels.append(grid.placeLabels(site, lengths: table.outline.prompts.map(\.ids.count)))
    }
    return labels
  }

  /// The cells' values with their intervals, all of the prompts or of one; nil while not known.
  private func values() throws(Refusal) -> (values: [Float], low: [Float]?, high: [Float]?)? {
    let count = table.outline.grids[item].cellCount(site)
    if let prompt {
      guard
        let floats = try run.floats("\(site.name)/\(metric)", at: [prompt, condition])
      else { return nil }
      return (floats, nil, nil)
    }
    func mean(_ end: String) throws(Refusal) -> [Float]? {
      let place = (table.metricNames.firstIndex(of: metric) ?? 0) * table.spec.conditions.count
      let first = (place + condition) * count
      return try run.floats("\(site.name)/\(end)").map { Array($0[first..<first + count]) }
    }
    guard let means = try mean("mean") else { return nil }
    return (means, try mean("low"), try mean("high"))
  }

  func panel() throws(Refusal) -> Figure.Panel? {
    guard let (values, low, high) = try values() else { return nil }
    let axes = table.outline.grids[item].axes(site)
    var labels = Self.labels(table, item)
    let doubles = values.map(Double.init)
    let title = "\(site.name), \(table.spec.conditions[condition])"
    let derived = metric.hasSuffix("_recovery") || metric.hasSuffix("_change")
    let sizes = axes.map(\.count)
    // Positions are drawn as the tokens of a prompt, layers along the columns, as in traces.
    if axes.last?.name == "position", axes.count == 2 {
      let tokens = tokenRows()
      return .heatMap(
        try HeatMap(
          title: title,
          rows: (0..<sizes[1]).map { HeatMap.Row(tokens?[$0] ?? labels[1][$0]) },
          columns: labels[0],
          values: (0..<sizes[1]).map { row in
            (0..<sizes[0]).map { doubles[$0 * sizes[1] + row] }
          }, valueName: metric, colors: derived ? .redBlue : .purples, columnAxis: axes[0].name,
          baseline: derived ? 0 : nil))
    }
    guard axes.count >= 2 else {
      let names = labels.first ?? [site.name]
      return .bars(
        try BarChart(
          title: title, categories: names,
          series: [
            LinePlot.Series(
              metric, means: doubles, lows: (low ?? []).map(Double.init),
              highs: (high ?? []).map(Double.init))
          ], valueName: metric, categoryAxis: axes.first?.name ?? "",
          bandName: low == nil ? "" : "bootstrap intervals"))
    }
    // Layers from the top down, all that follows side by side.
    let width = sizes.dropFirst().reduce(1, *)
    if axes.count > 2 {
      labels[1] = labels[1].flatMap { head in labels[2].map { "\(head)@\($0)" } }
    }
    return .heatMap(
      try HeatMap(
        title: title, rows: labels[0].map { HeatMap.Row("\(axes[0].name) \($0)") },
        columns: labels[1],
        values: (0..<sizes[0]).map { row in
          Array(doubles[row * width..<(row + 1) * width])
        }, valueName: metric, colors: derived ? .redBlue : .purples, columnAxis: axes[1].name,
        baseline: derived ? 0 : nil))
  }

  /// The tokens at the places of a prompt; of all prompts where they are the same number of tokens.
  private func tokenRows() -> [String]? {
    let grid = table.outline.grids[item]
    guard let prompt, site.placeNames == nil else { return nil }
    let own = table.outline.prompts[prompt]
    return (0..<grid.positionCount).map { place in
      guard grid.places[prompt].indices.contains(place),
        let position = grid.places[prompt][place].positions.first
      else { return "" }
      return own.tokens[position]
    }
  }
}
