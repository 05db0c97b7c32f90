internal import Figures
internal import Foundation
internal import Inputs
internal import Interventions
internal import Models

extension SpecViews {
  /// Panels of one sort in a picture.
  private static let panelLimit = 6

  /// What pictures show: bars of the top answers and of their logits' changes, attention maps, losses,
  /// norms of gradients; nil where there is nothing to draw.
  func figure() throws(Refusal) -> Figure? {
    var panels: [Figure.Panel] = []
    let answers = report.answers.prefix(Self.panelLimit)
    for answer in answers { panels.append(.bars(try probabilities(answer))) }
    for answer in answers {
      if let chart = try logitChanges(answer) { panels.append(.bars(chart)) }
    }
    panels += try attentionMaps(limit: Self.panelLimit).map { .heatMap($0) }
    if let plot = try lossLines() { panels.append(.lines(plot)) }
    if report.kind == "gradient", let chart = try gradientNorms() { panels.append(.bars(chart)) }
    return panels.isEmpty ? nil : Figure(title: title, panels: panels)
  }

  /// What was left out of the picture, on one line.
  package var pictureNote: String? {
    let left = report.answers.count - Self.panelLimit
    return left > 0
      ? "the picture shows the first \(Self.panelLimit) of \(report.answers.count) places" : nil
  }

  private var title: String {
    let name = URL(fileURLWithPath: report.model).lastPathComponent
    let what = report.entries.prefix(2).map {
      "\($0.type) at \($0.site.rawValue) of layer \($0.layer)"
    }.joined(separator: ", ")
    let more = report.entries.count - 2
    return what.isEmpty ? name : "\(name): \(what)" + (more > 0 ? " and \(more) more" : "")
  }

  /// What a panel of an answer is about: the end of the prompt, up to where the answer would stand.
  private func subject(_ answer: ReportedAnswer) -> String {
    let input = report.inputs.first { $0.example == answer.example && $0.name == "base" }
    guard let ids = input?.ids, let position = answer.position, words.tokenizer != nil,
      let text = words.text(Array(ids.prefix(position + 1)))
    else {
      return "example \(answer.example)" + (answer.position.map { ", position \($0)" } ?? "")
    }
    return text.count > 80 ? "…" + text.suffix(80) : text
  }

  private func probabilities(_ answer: ReportedAnswer) throws(Refusal) -> BarChart {
    let table = table(answer)
    var series = [LinePlot.Series("after", means: table.rows.map(\.after))]
    if table.hasBefore {
      series.insert(
        LinePlot.Series("before", means: table.rows.map { $0.before ?? .nan }), at: 0)
    }
    return try BarChart(
      title: subject(answer), categories: table.rows.map(\.name), series: series,
      valueName: "probability", range: 0...0.01)
  }

  private func logitChanges(_ answer: ReportedAnswer) throws(Refusal) -> BarChart? {
    let rows = table(answer).rows.sorted { ($0.logitChange ?? 0) > ($1.logitChange ?? 0) }
    guard rows.contains(where: { $0.logitChange.map { $0 != 0 } ?? false }) else { return nil }
    return try BarChart(
      title: "Change of logits, \(subject(answer))", categories: rows.map(\.name),
      series: [LinePlot.Series("logits", means: rows.map { $0.logitChange ?? .nan })],
      valueName: "change of the logit")
  }

  private func gradientNorms() throws(Refusal) -> BarChart? {
    let tensors = report.tensors.sorted { $0.norm > $1.norm }.prefix(40)
    guard !tensors.isEmpty else { return nil }
    return try BarChart(
      title: "Gradients", categories: tensors.map { String($0.name.dropFirst("grad.".count)) },
      series: [LinePlot.Series("norm", means: tensors.map(\.norm))], valueName: "norm")
  }

  /// Maps of collected attention weights, queries from the top, keys from the left.
  func attentionMaps(limit: Int) throws(Refusal) -> [HeatMap] {
    var maps: [HeatMap] = []
    for map in report.maps.prefix(limit) {
      let ids = report.inputs.first { $0.example == map.example && $0.name.hasPrefix("base") }?.ids
      let pieces = ids.map(words.pieces)
      func name(_ position: Int) -> String {
        guard let pieces, pieces.indices.contains(position) else { return "\(position)" }
        return pieces[position]
      }
      let keys = (map.weights.first ?? []).indices
      guard !map.queries.isEmpty, !keys.isEmpty else { continue }
      maps.append(
        try HeatMap(
          title: "Attention of layer \(map.layer), head \(map.head)"
            + (report.maps.contains { $0.example != 0 } ? ", example \(map.example)" : ""),
          rows: map.queries.map { HeatMap.Row(name($0)) }, columns: keys.map(name),
          values: map.weights.map { $0.map { Double($0) } }, valueName: "weight",
          columnAxis: "key", range: 0...1))
    }
    return maps
  }
}
