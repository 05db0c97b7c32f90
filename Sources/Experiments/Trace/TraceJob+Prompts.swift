internal import Inputs

extension TraceJob {
  /// The prompts as the model sees them, with what will be touched: for `check`.
  package func promptLines(limit: Int) -> [String] {
    var lines: [String] = []
    for fact in facts.prefix(limit) {
      let tokens = fact.tokens.enumerated().map { place, token in
        fact.roles.subject.contains(place) ? "[\(escaped(token))]" : escaped(token)
      }
      lines.append("\(fact.fact.id): \(tokens.joined(separator: "|")) -> \(quoted(fact.answer))")
    }
    if facts.count > limit { lines.append("... and \(facts.count - limit) more") }
    for (restoration, layers) in zip(spec.restore, grid.layers) {
      let positions = grid.positions[spec.restore.firstIndex { $0.name == restoration.name } ?? 0]
      let cells = positions.reduce(0) { $0 + $1.count } * layers.count
      lines.append(
        "\(restoration.name): window \(restoration.window), \(layers.count) layers, \(cells) cells")
    }
    return lines
  }
}
