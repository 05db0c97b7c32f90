internal import Autodiff
internal import Checkpoints
internal import Cluster
internal import Inputs
internal import Interventions
internal import Locks
internal import Models
internal import Prompts
internal import ResultsStore
internal import Tensors

/// Computes a sweep's units on any thread: unchanged runs, and the cells that continue them.
final class SweepRunner<Spec: SweepSpec>: Sendable {
  /// A prompt's runs, with what every unit of it needs beside them.
  struct Base: Sendable {
    let runs: BaseRuns
    /// Log-probabilities of the clean run at its last position, `[1, vocabulary]`.
    let clean: Tensor<Float>
    let rows: [RowMetrics]
    /// A token's number.
    let answer: Int
  }

  /// What is written at a layer of an item, for a head or neuron, at a place of a run; nil: nothing.
  typealias Values =
    @Sendable (
      _ unit: SweepTable<Spec>.Unit, _ layer: Int, _ coordinate: Int?, _ place: SweepGrid.Place
    ) throws(Refusal) -> PatchValue?

  private let table: SweepTable<Spec>
  private let model: DecoderModel<Float>
  private let keeping: Set<Site>
  private let subspaces: [PatchSubspace?]
  private let bases: KeptValues<Int, Base>
  /// The text of a token.
  private let text: @Sendable (Int) -> String
  /// Runs of a prompt beside its own two, such as a donor.
  private let extra: @Sendable (Int) -> [[Int]]

  /// - Parameters:
  ///   - keepsValues: Whether cells take values of the unchanged runs.
  ///   - extra: Token ids of further runs of a prompt that values come from.
  init(
    _ table: SweepTable<Spec>, _ model: DecoderModel<Float>, by prompts: any PromptTokenizer,
    threads: Int, keepsValues: Bool = true,
    extra: @escaping @Sendable (Int) -> [[Int]] = { _ in [] }
  ) throws(Refusal) {
    (self.table, self.model, self.extra) = (table, model, extra)
    text = { prompts.text($0) }
    subspaces = try table.spec.items.map { (item) throws(Refusal) in
      try item.patchSubspace(width: model.shape.width(of: item.site))
    }
    keeping = keepsValues ? Set(table.spec.items.map(\.site)) : []
    bases = KeptValues(capacity: threads + 1)
  }

  /// The record of a unit: the prompt's unchanged runs, or its cells in their order.
  ///
  /// - Throws: `Stopped` soon after `isGivenUp` says that nobody wants it any more.
  func compute(
    _ number: Int, values: Values, unless isGivenUp: @escaping @Sendable () -> Bool
  ) throws -> [UInt8] {
    guard let unit = table.unit(number) else {
      let prompt = number - table.firstPrompt
      let base = try base(prompt, isGivenUp)
      guard table.outline.prompts[prompt].takesTop else { return bytes(base.rows) }
      return bytes(base.rows) + TopToken(id: base.answer, text: text(base.answer)).bytes
    }
    let base = try base(unit.prompt, isGivenUp)
    let item = table.spec.items[unit.item]
    let run = table.changesCorrupted(unit.condition) ? 1 : 0
    let patches = try unit.cells.compactMap { number throws(Refusal) -> Patch? in
      let cell = table.outline.grids[unit.item].cell(
        number, item, layerCount: table.outline.layers)
      guard
        let place = table.place(
          cell, item: unit.item, prompt: unit.prompt, condition: unit.condition)
      else { return nil }
      return try cell.patch(base: run, item, place, subspace: subspaces[unit.item]) {
        (layer, coordinate, place) throws(Refusal) in try values(unit, layer, coordinate, place)
      }
    }
    precondition(patches.count == unit.cells.count, "\(patches.count) of \(unit.cells.count) cells")
    let stream =
      table.spec.run.naive
      ? try NaiveSweep(model, base.runs, patches).run(unless: isGivenUp)
      : try Staircase(model, base.runs, patches).run(unless: isGivenUp)
    let prompt = table.outline.prompts[unit.prompt]
    let rows = RowMetrics.of(
      stream, model, answer: base.answer, foil: prompt.foilID, clean: base.clean)
    try check(rows, prompt, "a changed run")
    return bytes(rows)
  }

  private func bytes(_ rows: [RowMetrics]) -> [UInt8] {
    ByteWriter.bytes(of: rows.flatMap(\.values))
  }

  private func check(
    _ rows: [RowMetrics], _ prompt: SweepPrompt, _ what: String
  ) throws(Refusal) {
    guard rows.allSatisfy({ $0.isFinite(hasFoil: prompt.foilID != nil) }) else {
      throw Refusal(
        .model, file: table.spec.modelName, field: "\(Spec.promptAxis) \(escaped(prompt.id))",
        found: "metrics of \(what) that are not finite", expected: "finite activations and logits")
    }
  }

  private func base(_ number: Int, _ isGivenUp: @escaping @Sendable () -> Bool) throws -> Base {
    try bases.value(for: number) {
      let prompt = table.outline.prompts[number]
      let sequences = [prompt.ids] + (prompt.otherIDs.isEmpty ? [] : [prompt.otherIDs])
      let noised = table.spec.noise?.run(prompt, width: model.shape.width)
      let runs = try BaseRuns(
        model,
        noised.map { [BaseRun(prompt.ids), $0] }
          ?? BaseRun.sharingPrefixes(
            sequences + extra(number), short: model.shape.longestShort), keeping: keeping,
        unless: isGivenUp)
      let streams = sequences.indices.map {
        runs.stream(run: $0, position: sequences[$0].count - 1)
      }
      let logits = model.logits(Variable(.concatenated(streams)), on: Tape()).value
      let logs = logits.logSoftmaxOfRows()
      let clean = logs.rows(0..<1)
      let answer = prompt.takesTop ? logits.rows(0..<1).elements.firstLargest() : prompt.answerID
      let rows = RowMetrics.of(logits, logs, answer: answer, foil: prompt.foilID, clean: clean)
      try check(rows, prompt, "an unchanged run")
      return Base(runs: runs, clean: clean, rows: rows, answer: answer)
    }
  }
}

/// What a sweep costs, by its units.
extension SweepTable {
  func cost(
    _ published: PublishedModel, longestExtra: Int = 0, extraRows: Int = 0, extraBytes: Int = 0,
    extraRecordBytes: Int = 0, skippedLine: String? = nil
  ) -> JobCost {
    let shape = published.shape
    let blockRows = units.reduce(0) { $0 + $1.blockRows }
    let cells = units.reduce(0) { $0 + $1.cells.count }
    let all = outline.prompts.indices.reduce(0) { sum, prompt in
      sum
        + spec.conditions.count
        * zip(spec.items, outline.grids).reduce(0) { $0 + $1.1.cellCount($1.0) }
        * (outline.prompts[prompt].ids.count > 0 ? 1 : 0)
    }
    let bases = outline.prompts.reduce(0) { $0 + $1.ids.count + $1.otherIDs.count } + extraRows
    let runs = max(1, outline.prompts.count * (Spec.hasPairs ? 2 : 1))
    let mean = Double(bases - extraRows) / Double(runs)
    let perForward = max(1, mean * Double(shape.layers))
    let rows = Double(blockRows + bases * shape.layers)
    let naive = Double(cells) * perForward + Double(bases * shape.layers)
    let longest =
      outline.prompts.map { $0.ids.count + $0.otherIDs.count }.max() ?? 0
    let kept = BaseRuns.byteCount(
      shape, RunRows([(length: max(1, longest + longestExtra), shared: nil)]),
      keeping: Set(spec.items.map(\.site)))
    let block = 6 * shape.width + 2 * shape.queryWidth + 3 * shape.keyWidth + 4 * shape.mlpWidth
    let thread = 8 * (1536 * (block + shape.heads * longest) + 2 * 64 * shape.vocabulary) / 3
    let count = RunNeeds.count
    return JobCost(
      weightBytes: published.byteCount,
      rankBytes: { threads in
        (96 << 20) + (threads + 2) * kept + threads * thread + 8 * shape.vocabulary * (threads + 2)
          + extraBytes
      },
      operations: rows * 2 * Double(shape.productsPerBlockRow)
        + Double(cells + bases) * 2 * Double(shape.width * shape.vocabulary),
      // Metrics go through the vocabulary a few times.
      besideSeconds: Double(cells) * Double(shape.vocabulary) * 2e-9,
      parallel: units.count + outline.prompts.count,
      recordBytes: 4 * RowMetrics.count * (cells + 2 * outline.prompts.count) + extraRecordBytes,
      entries: [
        (
          "\(Spec.promptAxis)s", Double(outline.prompts.count),
          count(outline.prompts.count) + (skippedLine.map { "; \($0)" } ?? "")
        ),
        (
          "cells", Double(all),
          "\(count(all)), of which \(count(all - cells)) cannot change the metric"
        ),
        ("units", Double(unitCount), count(unitCount)),
        ("forward_passes_naive", naive / perForward, count(Int((naive / perForward).rounded()))),
        (
          "forward_passes", rows / perForward,
          count(Int((rows / perForward).rounded())) + PlanReport.fewer(naive / max(1, rows))
        ),
      ])
  }
}
