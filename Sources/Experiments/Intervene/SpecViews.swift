internal import Figures
internal import Foundation
package import Inputs
internal import Interventions
internal import Models
internal import Tokenizers

/// What a person is shown of a specification's run: text, tables and pictures.
package struct SpecViews: Sendable {
  let report: SpecReport
  let words: SpecWords

  /// Examples that are shown one by one.
  static let shownExamples = 20
  /// Tensors that are listed.
  private static let shownTensors = 40

  init(_ report: SpecReport, _ words: SpecWords) { (self.report, self.words) = (report, words) }

  /// For the terminal, with the picture that `--png` and `--svg` draw.
  package func pictures() throws(Refusal) -> RunPictures {
    var items: [RunPictures.Item] = [.text(heading)]
    items += continuations
    items += try examples()
    items += try training()
    if let table = tensors(report.tensors) { items.append(.text(table)) }
    if let table = tensors(report.collected) { items.append(.text(table)) }
    for map in try attentionMaps(limit: 4) { items.append(.heatMap(map)) }
    let notes = self.notes
    if !notes.isEmpty { items.append(.text(notes.joined(separator: "\n"))) }
    return RunPictures(items, figure: try figure())
  }

  // MARK: What was done

  private var heading: String {
    let name = URL(fileURLWithPath: report.model).lastPathComponent
    let count = report.entries.count
    return
      (["\(name), \(report.kind), \(count) intervention\(count == 1 ? "" : "s")"]
      + Self.lines(report.entries)).joined(separator: "\n")
  }

  /// A line for each intervention.
  static func lines(_ entries: [ReportedEntry]) -> [String] {
    let rows = entries.enumerated().map { number, entry -> [String] in
      let source = entry.source.map { "source \($0)" } ?? ""
      return [
        "\(number)", entry.type, "\(entry.site.rawValue) of layer \(entry.layer)",
        [entry.places, source].filter { !$0.isEmpty }.joined(separator: ", "),
      ]
    }
    return TextTable.lines(rows)
  }

  // MARK: Answers

  private func examples() throws(Refusal) -> [RunPictures.Item] {
    var items: [RunPictures.Item] = []
    let numbers = Set(report.answers.map(\.example) + report.streams.map(\.example)).sorted()
    for example in numbers.prefix(Self.shownExamples) {
      let inputs = report.inputs.filter { $0.example == example }
      let passages = inputs.map { passage($0, of: numbers.count) }
      if !passages.isEmpty { items.append(.passages(passages)) }
      for answer in report.answers where answer.example == example {
        if let position = answer.position { items.append(.text(place(position, inputs))) }
        items.append(.answers(table(answer)))
      }
      let moved = report.streams.filter { $0.example == example }
      if !moved.isEmpty { items.append(.text(lines(moved).joined(separator: "\n"))) }
    }
    return items
  }

  /// An input with its touched tokens marked.
  private func passage(_ input: ReportedInput, of count: Int) -> Passage {
    let label = count > 1 ? "\(input.name) [\(input.example)]" : input.name
    return Passage(label, words.marked(input))
  }

  private func place(_ position: Int, _ inputs: [ReportedInput]) -> String {
    // Of pairs the decoder's side is last and has the base's own name.
    let ids = inputs.first { $0.name == "base" }?.ids
    guard let ids, ids.indices.contains(position), words.tokenizer != nil else {
      return "at position \(position)"
    }
    return "at position \(position), \(words.token(ids[position]))"
  }

  func table(_ answer: ReportedAnswer) -> AnswerTable {
    AnswerTable(
      of: words.meaning == .classes ? "class" : "token",
      answer.choices.map { choice in
        AnswerTable.Row(
          words.answer(choice.id), before: choice.before?.probability,
          after: choice.after.probability,
          logitChange: choice.before.map { Double(choice.after.logit) - Double($0.logit) })
      })
  }

  private func lines(_ moved: [StreamChange]) -> [String] {
    ["the last stream, by its norm; the model has no head:"]
      + TextTable.lines(
        [["", "before", "after", "change"]]
          + moved.map {
            [
              "position \($0.position)", $0.before.map { shortNumber($0, digits: 4) } ?? "",
              shortNumber($0.after, digits: 4), $0.change.map { shortNumber($0, digits: 4) } ?? "",
            ]
          })
  }

  // MARK: Generation

  private var continuations: [RunPictures.Item] {
    let count = report.continuations.count
    return report.continuations.prefix(Self.shownExamples).map { one in
      var passages = [
        Passage(
          count > 1 ? "prompt [\(one.example)]" : "prompt",
          words.pieces(one.prompt).map { .init($0, .dim) })
      ]
      if let original = one.original {
        passages.append(Passage("original", words.pieces(original).map { .init($0) }))
      }
      passages.append(Passage("intervened", words.pieces(one.intervened).map { .init($0) }))
      if let parts = one.partsAfter {
        let words = [one.original, one.intervened].map { ids in
          ids.flatMap { $0.indices.contains(parts) ? self.words.token($0[parts]) : nil }
            ?? "the end"
        }
        passages.append(
          Passage(
            "",
            [.init("they part after \(parts) tokens: \(words[0]) before, \(words[1]) after", .dim)])
        )
      } else if one.original != nil {
        passages.append(Passage("", [.init("the same, token by token", .dim)]))
      }
      return .passages(passages)
    }
  }

  // MARK: Training and tensors

  private func training() throws(Refusal) -> [RunPictures.Item] {
    var lines: [String] = []
    if let first = report.losses.first, let last = report.losses.last {
      lines.append(
        "loss \(shortNumber(Double(first), digits: 4)) at the first of \(report.losses.count) steps, "
          + "\(shortNumber(Double(last), digits: 4)) at the last")
    }
    if let count = report.trainedCount {
      lines.append("trained \(count) parameter\(count == 1 ? "" : "s")")
    }
    lines += report.scalars.map { "\($0.name)  \(shortNumber(Double($0.value), digits: 4))" }
    var items: [RunPictures.Item] = lines.isEmpty ? [] : [.text(lines.joined(separator: "\n"))]
    if let plot = try lossLines() { items.append(.lines(plot)) }
    return items
  }

  func lossLines() throws(Refusal) -> LinePlot? {
    guard report.losses.count > 1 else { return nil }
    return try LinePlot(
      title: "Loss", columns: report.losses.indices.map { "\($0)" },
      series: [LinePlot.Series("loss", means: report.losses.map { Double($0) })],
      valueName: "mean loss in nats", columnAxis: "step")
  }

  private func tensors(_ all: [TensorSummary]) -> String? {
    guard !all.isEmpty else { return nil }
    let rows = all.prefix(Self.shownTensors).map { one -> [String] in
      let place = one.entry.map { report.entries[$0] }
        .map { "\($0.site.rawValue) of layer \($0.layer)" }
      let number = { (value: Double) in shortNumber(value, digits: 4) }
      let range =
        "\(number(Double(one.least))) to \(number(Double(one.most))), mean \(number(one.mean))"
      let values = one.values.map { shortNumber(Double($0), digits: 4) }.joined(separator: " ")
      return [
        one.name, place ?? "", "\(one.shape)", "norm \(number(one.norm))",
        (one.values.isEmpty ? range : values)
          + (one.notFinite > 0 ? ", \(one.notFinite) not finite" : ""),
      ]
    }
    let left = all.count - rows.count
    return (TextTable.lines(rows) + (left > 0 ? ["... and \(left) more; --json has all"] : []))
      .joined(separator: "\n")
  }

  private var notes: [String] {
    var notes: [String] = []
    let examples = max(
      Set(report.answers.map(\.example) + report.streams.map(\.example)).count,
      report.continuations.count)
    if examples > Self.shownExamples {
      notes.append("... and \(examples - Self.shownExamples) more examples; --json has all")
    }
    if !report.answers.isEmpty, report.answers[0].choices.first?.before == nil,
      report.kind != "gradient"
    {
      notes.append("the unchanged run was not made: expected leaves original.logits out")
    }
    if let note = words.note { notes.append(note) }
    return notes
  }
}

extension SpecWords {
  /// A token in quotation marks, or its number.
  func token(_ id: Int) -> String { tokenizer?.token(id).map { "\"\($0)\"" } ?? "#\(id)" }

  /// The tokens of an input as the pieces of a passage, those that are touched marked.
  ///
  /// - Parameter divided: Whether a line stands between tokens.
  func marked(_ input: ReportedInput, divided: Bool = false) -> [Passage.Piece] {
    guard let ids = input.ids else { return [Passage.Piece(input.shape)] }
    let touched = Set(input.touched)
    return pieces(ids).enumerated().flatMap { place, text -> [Passage.Piece] in
      let piece = Passage.Piece(text, touched.contains(place) ? .marked : .plain)
      return divided && place > 0 ? [Passage.Piece("|", .divider), piece] : [piece]
    }
  }
}

/// Rows of texts in columns.
enum TextTable {
  /// Each column as wide as its widest text, two spaces apart.
  static func lines(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = "  " + zip(row, widths).map { $0.padding(to: $1) }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
