internal import Figures
internal import Foundation
internal import Inputs
internal import Interventions

/// A grid as pictures: lines or bars along one axis, maps of two, a map for each value of further ones;
/// and what each cell says, in words.
struct InterveneFigures {
  private let run: RunView<InterveneTable>
  private let metric: String
  private let prompt: Int?
  /// What is drawn.
  private var valueName: String
  /// The ends of all maps' colours.
  private var range: ClosedRange<Double>?
  private var table: InterveneTable { run.table }
  private var labels: [[String]] { table.outline.labels }
  private var axes: [String] { table.spec.axes.map(\.name) }

  private static let panelLimit = 12
  private static let lineLimit = 10

  init(_ run: RunView<InterveneTable>, _ options: ShowOptions) throws(Refusal) {
    self.run = run
    let names = run.table.metricNames
    metric = names[try ShowOptions.place(of: options.metric, in: names, .metric) ?? 0]
    valueName = metric
    prompt =
      switch run.table.spec.form {
      case .train, .gradient:
        if options.fact == nil {
          nil
        } else {
          throw Refusal(
            .commandLine, field: "--fact", found: "the option for cells without prompts",
            expected: "no such option")
        }
      default: try Self.prompt(options.fact, among: run.table.outline.prompts)
      }
    guard run.results.doneCount > 0 else {
      throw run.nothing("no cells yet", expected: "a cell that is done")
    }
  }

  /// The prompt of a name, or of a number where no name is meant.
  private static func prompt(_ name: String?, among names: [String]) throws(Refusal) -> Int? {
    if let name, !names.contains(name), let number = Int(name), names.indices.contains(number) {
      return number
    }
    return try ShowOptions.place(of: name, in: names, .fact)
  }

  mutating func pictures() throws(Refusal) -> RunPictures {
    var (values, unchanged) = try values()
    let (axisCount, known) = (labels.count, unchanged.filter { !$0.isNaN })
    var baseline = known.first
    if let first = known.first, known.contains(where: { $0 != first }) {
      // Cells that begin elsewhere are compared by how far each has come.
      values = zip(values, unchanged).map { $0 - $1 }
      (baseline, valueName) = (0, "change of \(metric)")
    }
    let drawn = values.filter(\.isFinite)
    if axisCount > 2, let low = drawn.min(), let high = drawn.max() {
      let reach = baseline.map { max(high - $0, $0 - low) }
      range = baseline.map { $0 - (reach ?? 0)...$0 + (reach ?? 0) } ?? low...high
    }
    var panels: [Figure.Panel] = []
    var left = 0
    if axisCount == 1 {
      panels.append(try along(0, values, baseline, title: ""))
    } else {
      let sizes = labels.map(\.count)
      let width = sizes[axisCount - 2] * sizes[axisCount - 1]
      for panel in 0..<values.count / width {
        guard panels.count < Self.panelLimit else {
          left += 1
          continue
        }
        let part = Array(values[panel * width..<(panel + 1) * width])
        panels.append(try map(part, baseline, title: title(of: panel)))
      }
    }
    if let losses = try losses() { panels.append(.lines(losses)) }
    let rest = left > 0 ? ["\(left) more maps: the table of export has all of it"] : []
    return RunPictures(
      title: title, panels: panels, table: (lines() + rest).joined(separator: "\n"))
  }

  private var title: String {
    let what = prompt.map { table.outline.prompts[$0] }
    return "\(run.modelName), \(axes.joined(separator: " x "))" + (what.map { ": \($0)" } ?? "")
  }

  /// Along the last axis but two and those before it.
  private func title(of panel: Int) -> String {
    var (rest, parts) = (panel, [String]())
    for axis in labels.indices.dropLast(2).reversed() {
      parts.insert("\(axes[axis]) \(labels[axis][rest % labels[axis].count])", at: 0)
      rest /= labels[axis].count
    }
    return parts.joined(separator: ", ")
  }

  // MARK: Values

  /// Of each cell, the metric and the same of the unchanged run: the mean over prompts, or one's.
  private func values() throws(Refusal) -> (changed: [Double], unchanged: [Double]) {
    func mean(_ name: String, _ cell: Int) throws(Refusal) -> Double {
      guard let all = try run.floats(name, at: table.place(of: cell)) else { return .nan }
      let chosen = prompt.map { [all[$0]] } ?? all
      return chosen.reduce(0) { $0 + Double($1) } / Double(chosen.count)
    }
    var (changed, unchanged) = ([Double](), [Double]())
    for cell in 0..<table.unitCount {
      changed.append(try mean(metric, cell))
      unchanged.append(
        table.spec.form.isForward ? try mean("\(metric)_unchanged", cell) : .nan)
    }
    return (changed, unchanged)
  }

  private func along(
    _ axis: Int, _ values: [Double], _ baseline: Double?, title: String
  ) throws(Refusal) -> Figure.Panel {
    let isCounted = labels[axis].allSatisfy { Int($0) != nil }
    if isCounted, labels[axis].count > 2 {
      return .lines(
        try LinePlot(
          title: title, columns: labels[axis], series: [.init(valueName, means: values)],
          valueName: valueName, columnAxis: axes[axis], baseline: baseline))
    }
    return .bars(
      try BarChart(
        title: title, categories: labels[axis], series: [.init(valueName, means: values)],
        valueName: valueName, categoryAxis: axes[axis], baseline: baseline ?? 0))
  }

  private func map(
    _ values: [Double], _ baseline: Double?, title: String
  ) throws(Refusal) -> Figure.Panel {
    let (rows, columns) = (labels.count - 2, labels.count - 1)
    let width = labels[columns].count
    // Words stand in front of their row; as columns' names they would not all fit.
    let isTurned =
      !labels[columns].allSatisfy { Int($0) != nil }
      && labels[rows].allSatisfy { Int($0) != nil }
    let (down, across) = isTurned ? (columns, rows) : (rows, columns)
    let table = labels[down].indices.map { row in
      labels[across].indices.map { isTurned ? values[$0 * width + row] : values[row * width + $0] }
    }
    return .heatMap(
      try HeatMap(
        title: title, rows: labels[down].map { HeatMap.Row($0) }, columns: labels[across],
        values: table, valueName: valueName, colors: baseline == nil ? .purples : .redBlue,
        columnAxis: axes[across], rowAxis: axes[down], baseline: baseline, range: range))
  }

  /// Losses by step, a line for each of a few cells.
  private func losses() throws(Refusal) -> LinePlot? {
    guard table.spec.form == .train, table.unitCount <= Self.panelLimit, table.outline.steps > 1
    else { return nil }
    var series: [LinePlot.Series] = []
    for cell in 0..<table.unitCount {
      guard let losses = try run.floats("loss", at: table.place(of: cell)) else { continue }
      series.append(.init(words(cell), means: losses.map(Double.init)))
    }
    return series.isEmpty
      ? nil
      : try LinePlot(
        title: "Loss by step", columns: (0..<table.outline.steps).map(String.init),
        series: series, valueName: "loss, nats", columnAxis: "step")
  }

  // MARK: Words

  private func words(_ cell: Int) -> String {
    zip(axes, zip(labels, table.place(of: cell))).map { "\($0) \($1.0[$1.1])" }
      .joined(separator: ", ")
  }

  /// What cells say of the prompt, or of the first one: of forward passes those that change most come
  /// first.
  private func lines() -> [String] {
    let number = prompt ?? 0
    var cells = Array(0..<table.unitCount).filter { run.results[$0] != nil }
    if table.spec.form.isForward {
      func change(_ cell: Int) -> Float {
        guard case .forward(let prompts)? = run.results[cell] else { return 0 }
        return prompts[number].changed.divergence
      }
      cells.sort { (change($0), $1) > (change($1), $0) }
    }
    var (lines, unchanged) = ([String](), "")
    for cell in cells.prefix(Self.lineLimit) {
      switch run.results[cell] {
      case .forward(let prompts):
        func most(_ tokens: [CellResult.TopToken]) -> String {
          tokens.prefix(3).map {
            "\(quoted($0.text)) \(String(format: "%.3f", $0.probability))"
          }.joined(separator: ", ")
        }
        let before = "unchanged: \(most(prompts[number].topUnchanged))"
        if before != unchanged { lines.append(before) }
        unchanged = before
        lines.append("\(words(cell)): \(most(prompts[number].top))")
      case .generation(let prompts):
        let before = "unchanged: \(quoted(prompts[number].textUnchanged))"
        if before != unchanged { lines.append(before) }
        unchanged = before
        lines.append("\(words(cell)): \(quoted(prompts[number].text))")
      case .gradient(let loss, let norm):
        lines.append("\(words(cell)): loss \(loss), norm of the gradient \(norm)")
      case .training(let losses, let evaluation):
        lines.append(
          "\(words(cell)): loss \(losses.last ?? .nan)"
            + (evaluation.map { ", evaluated \($0.loss), accuracy \($0.accuracy)" } ?? ""))
      case nil: continue
      }
    }
    let left = cells.count - Self.lineLimit
    if left > 0 { lines.append("(\(left) more cells: causeway export --csv FILE)") }
    let own = table.spec.form.isForward || table.spec.form == .generate
    return (own ? ["\(escaped(table.outline.prompts[number])):"] : []) + lines
  }

  /// One line for each cell, and each of its prompts.
  static func rows(_ run: RunView<InterveneTable>) -> ExportRows {
    let table = run.table
    let axes = table.spec.axes.map { ExportRows.quoted($0.name) }
    let (names, isForward) = (table.metricNames, table.spec.form.isForward)
    let hasPrompts = isForward || table.spec.form == .generate
    let heading =
      axes + (hasPrompts ? ["prompt"] : []) + ["status"] + names
      + (isForward
        ? names.map { "\($0)_unchanged" } + ["answer", "top_token", "top_token_unchanged"] : [])
      + (table.spec.form == .generate ? ["text", "text_unchanged"] : [])
    return ExportRows(heading: heading.joined(separator: ",")) { (add) throws(Refusal) in
      for cell in 0..<table.unitCount where run.results.hasEnded(cell) {
        let place = table.place(of: cell)
        let own = zip(table.outline.labels, place).map { labels, index in
          Int(labels[index]) == nil ? ExportRows.quoted(labels[index]) : labels[index]
        }
        let status: CellStatus = run.results.hasFailed(cell) ? .failed : .done
        var columns: [[Float]] = []
        for name in names + (isForward ? names.map { "\($0)_unchanged" } : []) {
          columns.append(try run.floats(name, at: place) ?? [])
        }
        for number in 0..<(hasPrompts ? table.prompts : 1) {
          var texts: [String] = []
          switch run.results[cell] {
          case .forward(let prompts):
            let one = prompts[number]
            texts = [one.answer.text, one.top[0].text, one.topUnchanged[0].text]
          case .generation(let prompts):
            texts = [prompts[number].text, prompts[number].textUnchanged]
          case .gradient, .training: break
          case nil: texts = Array(repeating: "", count: isForward ? 3 : hasPrompts ? 2 : 0)
          }
          let line =
            own + (hasPrompts ? [ExportRows.quoted(table.outline.prompts[number])] : [])
            + [status.name] + columns.map { ExportRows.number($0[number]) }
            + texts.map(ExportRows.quoted)
          try add(line.joined(separator: ","))
        }
      }
    }
  }
}
