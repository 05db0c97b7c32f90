internal import Inputs
internal import Interventions
internal import Locks
internal import Models
internal import Tensors

extension DumpedTexts {
  /// The source runs of a job's pairs: the clean prompts where the corrupted runs are changed, and the
  /// other way round.
  ///
  /// - Throws: Where the dump does not have what the cells take.
  init(
    _ source: DumpSource, patching table: SweepTable<PatchSpec>, _ shape: DecoderShape
  ) throws(Refusal) {
    let (outline, isClean) = (table.outline, table.changesCorrupted(0))
    try self.init(source, outline.prompts.map { isClean ? $0.ids : $0.otherIDs }, shape) {
      "pair \(outline.prompts[$0].id)"
    }
    for (item, grid) in zip(table.spec.items, outline.grids) {
      let (layers, coordinates) = grid.replaced(item, layerCount: outline.layers)
      let heads: [Int?] = item.site.isSplitIntoHeads ? coordinates : [nil]
      for head in heads {
        for layer in layers { try check(item.site, layer: layer, head: head) }
      }
      for (number, places) in grid.places.enumerated() {
        try check(places.flatMap { isClean ? $0.positions : $0.sources }, of: number)
      }
    }
  }
}

/// Values that cells take of a dump.
struct PatchSource: Sendable {
  private let texts: DumpedTexts
  private let prompts: KeptValues<Int, DumpedPrompt>

  init(_ texts: DumpedTexts, threads: Int) {
    (self.texts, prompts) = (texts, KeptValues(capacity: threads + 1))
  }

  /// What is written at a layer of an item, for a head or neuron, from positions of a pair's source.
  func value(
    _ item: SweptSite, layer: Int, coordinate: Int?, of prompt: Int, at positions: [Int]
  ) throws(Refusal) -> PatchValue {
    let known = prompts.value(for: prompt) { DumpedPrompt() }
    let head = item.site.isSplitIntoHeads ? coordinate : nil
    // A chunk of the dump has many rows: all of the prompt's are read at once.
    let all = texts.positions(of: prompt)
    let whole = try known.rows(
      DumpedPrompt.Key(site: item.site, layer: layer, coordinate: head, positions: all)
    ) { () throws(Refusal) in
      try texts.values(item.site, layer: layer, head: head, of: prompt, at: all)
    }
    let rows = known.rows(
      DumpedPrompt.Key(site: item.site, layer: layer, coordinate: coordinate, positions: positions)
    ) {
      let rows = whole.gathered(positions.compactMap { all.firstIndex(of: $0) })
      guard head == nil, let coordinate else { return rows }
      return rows.columns(coordinate..<coordinate + 1)
    }
    return coordinate == nil ? .wholeRows(rows) : .rows(rows)
  }
}

/// What was read of a prompt's document: one tensor for all cells that take it, since these then go
/// through the model together.
private final class DumpedPrompt: Sendable {
  struct Key: Hashable {
    let site: Site
    let layer: Int
    let coordinate: Int?
    let positions: [Int]
  }

  private let known = Locked<[Key: Tensor<Float>]>([:])

  func rows<Failure: Error>(
    _ key: Key, _ read: () throws(Failure) -> Tensor<Float>
  ) throws(Failure) -> Tensor<Float> {
    try known.withLock { (known) throws(Failure) in
      if let rows = known[key] { return rows }
      let rows = try read()
      known[key] = rows
      return rows
    }
  }
}
