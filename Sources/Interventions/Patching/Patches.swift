internal import Autodiff
internal import Models
internal import Tensors

/// The clean rows that cells put back inside one block, by site.
struct Patches {
  private let layer: Int
  private let base: BaseRuns
  /// By site: rows of the batch, and the positions of the clean run that replace them.
  private var rows: [Site: (batch: [Int], clean: [Int])] = [:]

  init(
    _ cells: [RestoredCell], _ active: [Int], _ batch: Batch, at layer: Int, _ base: BaseRuns
  ) {
    self.layer = layer
    self.base = base
    for (sequence, index) in active.enumerated() where cells[index].layers.contains(layer) {
      let cell = cells[index]
      rows[cell.site.unsplit, default: ([], [])].batch.append(
        batch.row(sequence: sequence, position: cell.position))
      rows[cell.site.unsplit]?.clean.append(cell.position)
    }
  }

  /// The value of a site with the clean rows put in.
  ///
  /// - Parameter queries: The rows of the batch that the value holds past the keys and values, if
  ///   not all.
  func apply(_ site: Site, _ value: Variable<Float>, queries: [Int]?) -> Variable<Float> {
    guard let source = base.clean[site] else { return value }
    let (places, positions) = replaced(site, queries)
    guard !places.isEmpty else { return value }
    return Variable(
      value.value.replacingRows(places, with: source[layer].gathered(positions)))
  }

  /// The rows of a site's value that `apply` replaces, where nothing is changed on the way to it.
  func replacedRows(_ site: Site, queries: [Int]?) -> [Int] {
    rows.count == 1 ? replaced(site, queries).rows : []
  }

  /// Rows of a site's value, and the positions of the clean run that replace them.
  private func replaced(_ site: Site, _ queries: [Int]?) -> (rows: [Int], positions: [Int]) {
    guard let (batch, clean) = rows[site] else { return ([], []) }
    guard let queries, !site.isMadeForEveryRow else { return (batch, clean) }
    let index = Dictionary(uniqueKeysWithValues: queries.enumerated().map { ($1, $0) })
    let kept = batch.indices.filter { index[batch[$0]] != nil }
    return (kept.compactMap { index[batch[$0]] }, kept.map { clean[$0] })
  }
}

extension Site {
  /// Whether a block makes the site's value for all rows even when few are wanted after it.
  var isMadeForEveryRow: Bool { reachesLaterPositionsInItsBlock }
}
