internal import Autodiff
internal import Models
internal import Tensors

/// What is written into the values of one block, by site.
struct SiteEdits {
  /// A touch and the rows of the batch that its positions have.
  struct Placed {
    let touch: Touch
    /// By position of the touch; nil where the batch has none.
    let rows: [Int?]
  }

  private let layer: Int
  private let runs: BaseRuns
  private let heads: Int
  private let headWidth: Int
  private let bySite: [Site: [Placed]]
  /// The place of each row among those that are wanted after the block; nil if all are.
  private let wanted: [Int: Int]?
  /// Wanted rows whose attention output, or MLP output, is replaced as a whole.
  private let spared: [Site: [Int]]

  /// - Parameters:
  ///   - queries: The rows of the batch that are wanted after the block, if not all.
  init(
    _ placed: [Placed], layer: Int, _ runs: BaseRuns, _ shape: DecoderShape, queries: [Int]?,
    sparing: Bool = true
  ) {
    (self.layer, self.runs) = (layer, runs)
    (heads, headWidth) = (shape.heads, shape.headWidth)
    bySite = Dictionary(grouping: placed, by: \.touch.site.unsplit)
    let wanted = queries.map {
      Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) })
    }
    self.wanted = wanted
    func place(_ row: Int) -> Int? { wanted.map { $0[row] } ?? row }
    var spared: [Site: [Int]] = [:]
    for site in [Site.attentionOutput, .mlpOutput] where sparing {
      let rows = bySite[site, default: []].filter { $0.touch.isWhole(at: site) }.flatMap(\.rows)
      let places = rows.compactMap { $0.flatMap(place) }
      spared[site] = Set(places).sorted()
    }
    self.spared = spared
  }

  /// The rows of a site's value that are replaced whatever they hold.
  func spared(_ site: Site) -> [Int] { spared[site] ?? [] }

  /// A site's value with everything written in.
  func apply(_ site: Site, _ value: Variable<Float>) -> Variable<Float> {
    guard let placed = bySite[site] else { return value }
    let place = places(site)
    let edits = placed.map { placed in
      (
        touch: placed.touch,
        targets: placed.rows.enumerated().compactMap { index, row in
          row.flatMap(place).map { (index: index, row: $0) }
        }
      )
    }
    guard edits.contains(where: { !$0.targets.isEmpty }) else { return value }
    let width = value.value.width
    return Variable(
      Tensor(value.value.shape) { to in
        to.update(from: value.value.unsafePointer, count: value.value.count)
        for (touch, targets) in edits where !targets.isEmpty {
          write(touch, site, targets, to, width: width)
        }
      })
  }

  /// Where a site's value has a row of the batch: some sites have rows that are wanted only, and the
  /// sites on the way to a replaced output not even these.
  private func places(_ site: Site) -> (Int) -> Int? {
    if site.reachesLaterPositionsInItsBlock { return { $0 } }
    let wanted = wanted
    let output: Site? =
      switch site {
      case .queryOutput, .attentionWeight, .attentionValueOutput: .attentionOutput
      case .mlpInput, .mlpPreactivation, .mlpActivation, .mlpUpInput, .mlpUpOutput, .mlpProduct:
        .mlpOutput
      default: nil
      }
    let spared = output.map { self.spared($0) } ?? []
    return { row in
      guard let place = wanted.map({ $0[row] }) ?? row else { return nil }
      let before = spared.partitioningIndex { $0 >= place }
      return before < spared.count && spared[before] == place ? nil : place - before
    }
  }

  private func write(
    _ touch: Touch, _ site: Site, _ targets: [(index: Int, row: Int)],
    _ to: UnsafeMutablePointer<Float>, width: Int
  ) {
    if case .subspace(let space) = touch.coordinates {
      project(touch, site, space, targets, to, width: width)
    } else if site == .attentionWeight {
      writeWeights(touch, targets, to, capacity: width / heads)
    } else {
      writeColumns(touch, site, targets, to, width: width)
    }
  }

  private func writeColumns(
    _ touch: Touch, _ site: Site, _ targets: [(index: Int, row: Int)],
    _ to: UnsafeMutablePointer<Float>, width: Int
  ) {
    let columns: [Range<Int>] =
      switch touch.coordinates {
      case .heads(let heads): heads.map { $0 * headWidth..<($0 + 1) * headWidth }
      case .columns(let columns): columns.map { $0..<$0 + 1 }
      default: [0..<width]
      }
    precondition(
      columns.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= width },
      "\(touch.coordinates) of \(width)")
    let source = source(touch, site, width: columns.reduce(0) { $0 + $1.count }, whole: width)
    for (index, row) in targets {
      let own = to + row * width
      let from = source.row(index)
      var at = 0
      for range in columns {
        if let from {
          (own + range.lowerBound).update(
            from: from + (source.isWhole ? range.lowerBound : at), count: range.count)
        } else {
          (own + range.lowerBound).update(repeating: 0, count: range.count)
        }
        at += range.count
      }
    }
  }

  /// A query's weights on the keys up to its own position; later ones stay zero.
  private func writeWeights(
    _ touch: Touch, _ targets: [(index: Int, row: Int)], _ to: UnsafeMutablePointer<Float>,
    capacity: Int
  ) {
    var chosen = Array(0..<heads)
    if case .heads(let heads) = touch.coordinates { chosen = heads }
    precondition(chosen.allSatisfy((0..<heads).contains), "heads \(chosen) of \(heads)")
    let source = source(touch, .attentionWeight, width: nil, whole: nil)
    let keys = source.width / (source.isWhole ? heads : chosen.count)
    for (index, row) in targets {
      let from = source.row(index)
      let seen = min(touch.positions[index] + 1, keys)
      for (number, head) in chosen.enumerated() {
        let own = to + (row * heads + head) * capacity
        own.update(repeating: 0, count: capacity)
        guard let from else { continue }
        own.update(from: from + (source.isWhole ? head : number) * keys, count: seen)
      }
    }
  }

  /// Replaces the component inside a subspace: `x + Rᵀ(R (s − x))`, of constants `x + Rᵀ(c − R x)`.
  private func project(
    _ touch: Touch, _ site: Site, _ space: PatchSubspace, _ targets: [(index: Int, row: Int)],
    _ to: UnsafeMutablePointer<Float>, width: Int
  ) {
    precondition(space.rows.width == width, "a subspace \(space.rows.shape) of \(width)")
    let x = Tensor<Float>([targets.count, width]) { x in
      for (i, target) in targets.enumerated() {
        (x + i * width).update(from: to + target.row * width, count: width)
      }
    }
    let rank = space.rows.rows
    let source = source(touch, site, width: rank, whole: width)
    func given(_ width: Int) -> Tensor<Float> {
      Tensor([targets.count, width]) { given in
        for (i, target) in targets.enumerated() {
          if let from = source.row(target.index) {
            (given + i * width).update(from: from, count: width)
          } else {
            (given + i * width).update(repeating: 0, count: width)
          }
        }
      }
    }
    let moved =
      source.isWhole
      ? space.coordinates(given(width) - x) : given(rank) - space.coordinates(x)
    let result = x + space.vectors(moved)
    for (i, target) in targets.enumerated() {
      (to + target.row * width).update(from: result.unsafePointer + i * width, count: width)
    }
  }

  /// Rows that a touch's numbers come from.
  private struct Source {
    /// Keeps the rows alive.
    let tensor: Tensor<Float>?
    let rows: [Int]?
    let width: Int
    /// Whether a row is a whole one of the site, not the chosen coordinates only.
    let isWhole: Bool

    /// The row for a position of the touch by its number; nil stands for zeros.
    func row(_ index: Int) -> UnsafePointer<Float>? {
      tensor.map { $0.unsafePointer + (rows?[index] ?? 0) * width }
    }
  }

  /// - Parameters: the widths that constants and whole rows must have, if known.
  private func source(_ touch: Touch, _ site: Site, width: Int?, whole: Int?) -> Source {
    switch touch.value {
    case .zero: return Source(tensor: nil, rows: nil, width: 0, isWhole: false)
    case .run(let run, let positions):
      let values = runs.values(site, layer: layer)
      precondition(whole == nil || values.width == whole, "\(values.shape) of \(whole ?? 0)")
      return Source(
        tensor: values, rows: positions.map { runs.sourceRow(site, run: run, position: $0) },
        width: values.width, isWhole: true)
    case .row(let row):
      precondition(width == nil || row.count == width, "\(row.shape) of \(width ?? 0)")
      return Source(tensor: row, rows: nil, width: row.count, isWhole: false)
    case .rows(let rows):
      precondition(
        rows.rows == touch.positions.count && (width == nil || rows.width == width),
        "\(rows.shape) for \(touch.positions.count) positions of \(width ?? 0)")
      return Source(
        tensor: rows, rows: Array(0..<rows.rows), width: rows.width, isWhole: false)
    case .wholeRows(let rows):
      precondition(
        rows.rows == touch.positions.count && (whole == nil || rows.width == whole),
        "\(rows.shape) for \(touch.positions.count) positions of \(whole ?? 0)")
      return Source(
        tensor: rows, rows: Array(0..<rows.rows), width: rows.width, isWhole: true)
    }
  }
}

extension Array where Element == Int {
  /// The first place at which a condition holds that holds from there on.
  fileprivate func partitioningIndex(where holds: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
