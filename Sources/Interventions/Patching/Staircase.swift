internal import Autodiff
public import Inputs
public import Models
public import Tensors

/// Runs many patched cells of one prompt through a model together, each from where it differs.
///
/// A cell continues the corrupted run of its sample from its first layer and its position on:
/// earlier positions are the corrupted run's, through their keys and values. At each layer the rows
/// of the cells that begin there join the batch, and all rows in it advance through the same
/// products. In the last block only the row that the metric reads goes on. Cells that begin alike and
/// differ only in where their window ends go together until the shorter window ends.
public struct Staircase {
  private let model: DecoderModel<Float>
  private let base: BaseRuns
  private let cells: [RestoredCell]
  /// For each cell the one that it goes with until its window ends; itself if it goes alone.
  private let leaders: [Int]
  /// The batches that went through a block: what the run cost.
  public private(set) var passes: [Pass] = []

  /// How many rows of a batch went through the products of a block.
  public struct Pass: Sendable {
    /// Through the keys and values.
    public let rows: Int
    /// Through the queries and the output of attention.
    public let attentionRows: Int
    public let mlpRows: Int

    public init(rows: Int, attentionRows: Int, mlpRows: Int) {
      (self.rows, self.attentionRows, self.mlpRows) = (rows, attentionRows, mlpRows)
    }
  }

  /// Rows that went through a block, over all layers.
  public var blockRows: Int { passes.reduce(0) { $0 + $1.rows } }

  /// - Parameter cells: Each reaches the last position (`RestoredCell.reachesLastPosition`).
  public init(_ model: DecoderModel<Float>, _ base: BaseRuns, _ cells: [RestoredCell]) {
    self.model = model
    self.base = base
    self.cells = cells
    leaders = Self.leaders(of: cells)
  }

  /// What cells have in common that begin alike.
  private struct Beginning: Hashable {
    let sample: Int
    let site: Site
    let position: Int
    let layer: Int
  }

  /// For each cell the one with the longest window of those that begin as it does.
  private static func leaders(of cells: [RestoredCell]) -> [Int] {
    let alike = Dictionary(grouping: cells.indices) { index in
      let cell = cells[index]
      return Beginning(
        sample: cell.sample, site: cell.site, position: cell.position,
        layer: cell.layers.lowerBound)
    }
    var leaders = Array(cells.indices)
    for group in alike.values {
      // Ties go to the first, whatever the dictionary's order.
      let leader = group.min {
        (-cells[$0].layers.upperBound, $0) < (-cells[$1].layers.upperBound, $1)
      }
      for index in group { leaders[index] = leader ?? index }
    }
    return leaders
  }

  /// A cell whose rows are in the batch: positions `first ..< first + count` of its sequence.
  private struct Active {
    let cell: Int
    var count: Int
  }

  /// The last block's output at the last position of each cell, `[cells, width]`.
  ///
  /// - Parameter isGivenUp: Asked before each layer.
  /// - Throws: `Stopped` once nobody wants the result any more.
  public mutating func run(
    unless isGivenUp: () -> Bool = { false }
  ) throws(Stopped) -> Tensor<Float> {
    let last = model.shape.layers - 1
    var active: [Active] = []
    var x = Tensor<Float>(zeros: [0, model.shape.width])
    let first = cells.map(\.layers.lowerBound).min() ?? 0
    for layer in first...max(first, last) {
      guard !isGivenUp() else { throw Stopped() }
      x = advance(x, &active, through: layer, isLast: layer == last)
    }
    return inCellOrder(x, active)
  }

  /// Whether a cell's own rows enter the batch in a layer.
  private func begins(_ index: Int, at layer: Int) -> Bool {
    leaders[index] == index && cells[index].layers.lowerBound == layer
  }

  /// The stream with the rows of the cells whose windows end before a layer, copied from the rows of
  /// the cells that they went with.
  private func parted(
    _ x: Tensor<Float>, _ active: inout [Active], before layer: Int
  ) -> Tensor<Float> {
    let parting = cells.indices.filter {
      leaders[$0] != $0 && cells[$0].layers.upperBound == layer
    }
    guard !parting.isEmpty else { return x }
    var rows: [Int: Range<Int>] = [:]
    var at = 0
    for entry in active {
      rows[entry.cell] = at..<at + entry.count
      at += entry.count
    }
    var copied: [Int] = []
    for index in parting {
      let leader = rows[leaders[index], default: 0..<0]
      copied += leader
      active.append(Active(cell: index, count: leader.count))
    }
    return .concatenated([x, x.gathered(copied)])
  }

  private mutating func advance(
    _ x: Tensor<Float>, _ active: inout [Active], through layer: Int, isLast: Bool
  ) -> Tensor<Float> {
    // Cells that change something inside this block enter it: with the row of their position, or
    // with all later ones too where those see the change in this very block.
    var x = parted(x, &active, before: layer)
    var entering: [Active] = []
    for (index, cell) in cells.enumerated()
    where begins(index, at: layer) && cell.site != .blockOutput {
      let reaches = cell.site.reachesLaterPositionsInItsBlock
      entering.append(Active(cell: index, count: reaches ? base.length - cell.position : 1))
    }
    if !entering.isEmpty {
      let rows = entering.flatMap { rowsOfBase($0.cell, count: $0.count) }
      x = .concatenated([x, base.streams[layer].gathered(rows)])
      active += entering
    }
    if !active.isEmpty { x = block(layer, x, active, isLast: isLast) }

    // The later positions of cells that entered with one row, and cells that begin with the
    // block's output, are the corrupted run's from here on.
    let joining = cells.indices.filter {
      begins($0, at: layer) && cells[$0].site == .blockOutput
    }
    return isLast
      ? joinedAtTheEnd(x, &active, joining)
      : joined(x, &active, after: layer, joining)
  }

  /// Rows of the base runs' streams for the first `count` positions of a cell.
  private func rowsOfBase(_ index: Int, count: Int, skipping skipped: Int = 0) -> [Int] {
    let cell = cells[index]
    return (skipped..<count).map { base.row(sample: cell.sample, position: cell.position + $0) }
  }

  private mutating func block(
    _ layer: Int, _ x: Tensor<Float>, _ active: [Active], isLast: Bool
  ) -> Tensor<Float> {
    let batch = Batch(
      active.map { active in
        let cell = cells[active.cell]
        return (active.count, base.prefix(sample: cell.sample, before: cell.position))
      })
    let queries = isLast ? batch.sequences.map { $0.rows.upperBound - 1 } : nil
    let patches = Patches(cells, active.map(\.cell), batch, at: layer, base)
    let wanted = queries?.count ?? batch.rowCount
    passes.append(
      Pass(
        rows: batch.rowCount,
        attentionRows: wanted - patches.replacedRows(.attentionOutput, queries: queries).count,
        mlpRows: wanted - patches.replacedRows(.mlpOutput, queries: queries).count))
    let run = Run<Float>(
      batch, prefix: base.keyValues,
      visitor: { site, _, value in patches.apply(site, value, queries: queries) },
      replaced: { site, _ in patches.replacedRows(site, queries: queries) })
    return model.block(layer, Variable(x), in: run, queries: queries).value
  }

  private func joined(
    _ x: Tensor<Float>, _ active: inout [Active], after layer: Int, _ joining: [Int]
  ) -> Tensor<Float> {
    let isWhole = active.allSatisfy { $0.count == base.length - cells[$0.cell].position }
    guard !joining.isEmpty || !isWhole else { return x }
    let corrupted = base.streams[layer + 1]
    let all = Tensor.concatenated([x, corrupted])
    var rows: [Int] = []
    var at = 0
    for i in active.indices {
      let whole = base.length - cells[active[i].cell].position
      rows += at..<at + active[i].count
      at += active[i].count
      rows += rowsOfBase(active[i].cell, count: whole, skipping: active[i].count).map {
        x.rows + $0
      }
      active[i].count = whole
    }
    for index in joining {
      let cell = cells[index]
      rows.append(x.rows + cell.position)  // the clean run's row: the state that is put back
      let whole = base.length - cell.position
      rows += rowsOfBase(index, count: whole, skipping: 1).map { x.rows + $0 }
      active.append(Active(cell: index, count: whole))
    }
    return all.gathered(rows)
  }

  /// After the last block each cell is one row; a state put back there is the clean run's own.
  private func joinedAtTheEnd(
    _ x: Tensor<Float>, _ active: inout [Active], _ joining: [Int]
  ) -> Tensor<Float> {
    guard !joining.isEmpty else { return x }
    active += joining.map { Active(cell: $0, count: 1) }
    let clean = joining.map { base.cleanStream(position: cells[$0].position) }
    return .concatenated([x] + clean)
  }

  private func inCellOrder(_ x: Tensor<Float>, _ active: [Active]) -> Tensor<Float> {
    var rows: [Int: Int] = [:]
    for (row, active) in active.enumerated() { rows[active.cell] = row }
    // A cell whose window ends with the model never parted from its leader.
    let places = cells.indices.compactMap { rows[$0] ?? rows[leaders[$0]] }
    precondition(places.count == cells.count, "\(places.count) of \(cells.count) cells ran")
    return x.gathered(places)
  }
}
