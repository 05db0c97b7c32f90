internal import Cluster
internal import Interventions
internal import JobFiles
internal import Models

/// A causal trace cut into units of work, by its grid alone: the same on any number of ranks.
///
/// Unit f, below the number of facts, is fact f's baseline. The others follow, fact by fact and
/// restoration by restoration; each is a run of neighbouring cells that go through the model as one
/// staircase.
package struct TracePlan: Sendable {
  struct Unit: Sendable, Equatable {
    let number: Int
    let fact: Int
    let restoration: Int
    /// Numbers of the cells, as of `TraceCells`.
    let cells: Range<Int>
    /// Rows of its batch at most.
    let rows: Int
    /// Rows that go through a block, over all layers.
    let blockRows: Int
  }

  /// Rows that a unit's batch holds at most, unless one cell has more: enough for tall products,
  /// few enough that the activations of a block stay in the cache.
  static let rowLimit = 1024

  package let factCount: Int
  /// The units that patch, in the order of their numbers.
  let units: [Unit]
  /// For each fact the units of each restoration, as places in `units`.
  let unitsOf: [[Range<Int>]]

  /// - Parameter skipped: Facts without units.
  package init(_ grid: TraceGrid, skipping skipped: Set<Int> = []) {
    factCount = grid.factCount
    var units: [Unit] = []
    var unitsOf: [[Range<Int>]] = []
    // Facts whose subjects lie alike, of which there are few, are cut alike.
    var cuts: [Form: [Part]] = [:]
    for (fact, roles) in grid.roles.enumerated() {
      var ranges: [Range<Int>] = []
      for restoration in grid.restore.indices {
        guard !skipped.contains(fact) else {
          ranges.append(units.count..<units.count)
          continue
        }
        let form = Form(
          restoration: restoration, tokenCount: roles.tokenCount, reading: grid.reading[fact],
          corruptedFrom: grid.corruptedFrom[fact],
          positions: grid.positions[restoration][fact])
        let cut = cuts[form] ?? Self.cut(TraceCells(grid, fact: fact, restoration: restoration))
        cuts[form] = cut
        let start = units.count
        for part in cut {
          units.append(
            Unit(
              number: factCount + units.count, fact: fact, restoration: restoration,
              cells: part.cells, rows: part.rows, blockRows: part.blockRows))
        }
        ranges.append(start..<units.count)
      }
      unitsOf.append(ranges)
    }
    (self.units, self.unitsOf) = (units, unitsOf)
  }

  private struct Part {
    let cells: Range<Int>
    let rows: Int
    let blockRows: Int
  }

  /// All that the cells of a fact and restoration follow from.
  private struct Form: Hashable {
    let restoration: Int
    let tokenCount: Int
    let reading: Int
    let corruptedFrom: Int
    let positions: [Int]
  }

  /// Neighbouring cells of each block of samples in as few runs as the row limit allows, of about
  /// as many rows each; and what each costs.
  private static func cut(_ cells: TraceCells) -> [Part] {
    cells.blocks.indices.flatMap { cut(cells, block: $0) }
  }

  private static func cut(_ cells: TraceCells, block: Int) -> [Part] {
    let runs = cells.runsOfEqualRows(inBlock: block)
    let total = runs.reduce(0) { $0 + $1.count * $1.rows }
    let parts = max(1, (total + rowLimit - 1) / rowLimit)
    var cut: [Part] = []
    let first = cells.numbers(ofBlock: block).lowerBound
    var (start, number, rows, cutRows) = (first, first, 0, 0)
    for run in runs {
      let end = number + run.count
      while number < end {
        // A part ends with the cell that reaches its share of the rows.
        let share = (total * (cut.count + 1) + parts - 1) / parts
        let wanted = max(1, (share - rows + run.rows - 1) / run.rows)
        let taken = min(wanted, end - number)
        (number, rows) = (number + taken, rows + taken * run.rows)
        guard taken == wanted else { break }
        let range = start..<number
        cut.append(
          Part(cells: range, rows: rows - cutRows, blockRows: cells.blockRows(of: range)))
        (start, cutRows) = (number, rows)
      }
    }
    return cut
  }

  /// The work of the cells of some facts: costly facts first, so that none is begun last.
  func work(of facts: [Int]) -> [WorkUnit] {
    let cost = facts.map { fact in
      unitsOf[fact].joined().reduce(0) { $0 + units[$1].blockRows }
    }
    let order = facts.indices.sorted { (-cost[$0], facts[$0]) < (-cost[$1], facts[$1]) }
    return order.enumerated().flatMap { group, place in
      unitsOf[facts[place]].joined().map {
        WorkUnit(number: units[$0].number, cost: Double(units[$0].blockRows), group: group)
      }
    }
  }

  /// The patching unit of a number; nil for baselines.
  func unit(_ number: Int) -> Unit? {
    units.indices.contains(number - factCount) ? units[number - factCount] : nil
  }
}
