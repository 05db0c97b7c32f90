internal import Autodiff
public import Models
public import Tensors

/// Runs many patched cells of one prompt through a model together, each from where it differs.
///
/// A cell continues the corrupted run of its sample from its first layer and its position on:
/// earlier positions are the corrupted run's, through their keys and values. At each layer the rows
/// of the cells that begin there join the batch, and all rows in it advance through the same
/// products. In the last block only the row that the metric reads goes on.
public struct Staircase {
  private let model: DecoderModel<Float>
  private let base: BaseRuns
  private let cells: [RestoredCell]
  /// Rows that went through a block, over all layers; what the run cost.
  public private(set) var blockRows = 0

  /// - Parameter cells: Each reaches the last position (`RestoredCell.reachesLastPosition`).
  public init(_ model: DecoderModel<Float>, _ base: BaseRuns, _ cells: [RestoredCell]) {
    self.model = model
    self.base = base
    self.cells = cells
  }

  /// A cell whose rows are in the batch: positions `first ..< first + count` of its sequence.
  private struct Active {
    let cell: Int
    var count: Int
  }

  /// The last block's output at the last position of each cell, `[cells, width]`.
  public mutating func run() -> Tensor<Float> {
    let last = model.shape.layers - 1
    var active: [Active] = []
    var x = Tensor<Float>(zeros: [0, model.shape.width])
    let first = cells.map(\.layers.lowerBound).min() ?? 0
    for layer in first...max(first, last) {
      x = advance(x, &active, through: layer, isLast: layer == last)
    }
    return inCellOrder(x, active)
  }

  private func begins(_ cell: RestoredCell, at layer: Int) -> Bool {
    cell.layers.lowerBound == layer
  }

  private mutating func advance(
    _ x: Tensor<Float>, _ active: inout [Active], through layer: Int, isLast: Bool
  ) -> Tensor<Float> {
    // Cells that change something inside this block enter it: with the row of their position, or
    // with all later ones too where those see the change in this very block.
    var entering: [Active] = []
    for (index, cell) in cells.enumerated()
    where begins(cell, at: layer) && cell.site != .blockOutput {
      let reaches = cell.site.reachesLaterPositionsInItsBlock
      entering.append(Active(cell: index, count: reaches ? base.length - cell.position : 1))
    }
    var x = x
    if !entering.isEmpty {
      let rows = entering.flatMap { rowsOfBase($0.cell, count: $0.count) }
      x = .concatenated([x, base.streams[layer].gathered(rows)])
      active += entering
    }
    if !active.isEmpty { x = block(layer, x, active, isLast: isLast) }

    // The later positions of cells that entered with one row, and cells that begin with the
    // block's output, are the corrupted run's from here on.
    let joining = cells.indices.filter {
      begins(cells[$0], at: layer) && cells[$0].site == .blockOutput
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
    blockRows += batch.rowCount
    let patches = Patches(cells, active.map(\.cell), batch, at: layer, base)
    let run = Run<Float>(batch, prefix: base.keyValues) { site, _, value in
      patches.apply(site, value, queries: queries)
    }
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
    precondition(active.count == cells.count, "\(active.count) of \(cells.count) cells ran")
    var place = [Int](repeating: 0, count: cells.count)
    for (row, active) in active.enumerated() { place[active.cell] = row }
    return x.gathered(place)
  }
}
