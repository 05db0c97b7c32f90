internal import Figures
internal import Foundation
package import Inputs
internal import Interventions
internal import ResultsStore

/// What `check` and `plan` say of a specification: read and resolved against its model, and not run.
package struct SpecCheck {
  private let opened: OpenedSpec
  private let resolution: SpecResolution

  /// - Throws: What the run itself would throw before it begins, also of what it would write.
  package init(
    _ path: String, models: String? = nil, saveTo: String? = nil, output: String? = nil
  ) throws(Refusal) {
    opened = try OpenedSpec(
      path, models: models, saveTo: saveTo, outputs: ([output].compactMap(\.self), false),
      onlyReads: true)
    resolution = try opened.run.resolved()
  }

  /// Interventions with their modules and sizes, then the inputs with the touched tokens marked.
  ///
  /// - Parameter limit: Examples that are shown.
  package func pictures(limit: Int) throws(Refusal) -> RunPictures {
    let count = resolution.entries.count
    let name = URL(fileURLWithPath: resolution.model).lastPathComponent
    var text = [
      "\(name), \(resolution.kind), \(count) intervention\(count == 1 ? "" : "s")"
    ]
    for (line, entry) in zip(SpecViews.lines(resolution.entries), resolution.entries) {
      let size = entry.width.map { "width \($0)" } ?? "as wide as the context"
      let module = entry.modulePath ?? "no module of its own"
      text += [line, "     \(module), unit \(entry.unit), \(size)"]
    }
    var items: [RunPictures.Item] = [.text(text.joined(separator: "\n"))]
    let shown = zip(resolution.inputs, resolution.batches).filter { $0.0.example < limit }
    let isTraining = resolution.cost.steps > 0
    let passages = shown.map { input, batch in
      Passage(
        (isTraining ? "batch \(batch) " : "") + "\(input.name) [\(input.example)]",
        opened.words.marked(input, divided: true)
          + [Passage.Piece("  (\(input.count) positions)", .dim)])
    }
    if !passages.isEmpty { items.append(.passages(passages)) }
    var notes: [String] = []
    let left = resolution.inputs.count - shown.count
    if left > 0 { notes.append("... and \(left) more inputs") }
    if let note = opened.words.note { notes.append(note) }
    let examples = resolution.cost.examples
    notes.append("ok: \(examples) example\(examples == 1 ? "" : "s")")
    return RunPictures(items + [.text(notes.joined(separator: "\n"))], figure: nil)
  }

  /// The same for scripts; the keys are those of Intervene.md.
  package var json: String {
    let table: Attribute = [
      "kind": .text(resolution.kind), "model": .text(resolution.model),
      "interventions": .list(resolution.entries.map(SpecViews.attribute)),
      "inputs": .list(
        zip(resolution.inputs, resolution.batches).map {
          opened.words.attribute($0, batch: resolution.cost.steps > 0 ? $1 : nil)
        }),
    ]
    return table.json
  }

  /// What the run will cost.
  package var cost: any CostReport { SpecCostReport(resolution, opened.model, run: opened.run) }
}
