public import Models

/// Whether a change inside a causal model can be seen at the last positions of its run.
public struct Reach: Sendable {
  private let length: Int
  private let reading: Int
  private let layerCount: Int

  /// - Parameter reading: How many last positions are read.
  public init(length: Int, reading: Int = 1, layerCount: Int) {
    (self.length, self.reading, self.layerCount) = (length, reading, layerCount)
  }

  /// A change at a position that is read is seen there, one at an earlier position if a block is left
  /// in which later positions read it.
  public func callAsFunction(_ site: Site, layer: Int, position: Int) -> Bool {
    position >= length - reading || layer < layerCount - 1 || site.reachesLaterPositionsInItsBlock
  }
}

extension Patch {
  /// Whether the patched run can differ from its base at the last positions; where it cannot, its
  /// result is the base's.
  public func reaches(_ rows: RunRows, reading: Int = 1, layerCount: Int) -> Bool {
    !reaching(rows, reading: reading, layerCount: layerCount).isEmpty
  }

  /// The touches at the places that can make a difference at the last positions.
  ///
  /// A value taken from the very row of the base that it replaces makes none, unless the run is
  /// changed at that position or before it.
  func reaching(_ rows: RunRows, reading: Int, layerCount: Int) -> [Touch] {
    let reach = Reach(length: rows.lengths[base], reading: reading, layerCount: layerCount)
    let seen = touches.map { touch in
      touch.positions.indices.filter {
        reach(touch.site, layer: touch.layers.lowerBound, position: touch.positions[$0])
      }
    }
    let first = zip(touches, seen).flatMap { touch, seen in
      seen.filter { !isBaseRow(touch, $0, rows) }.map { touch.positions[$0] }
    }.min()
    guard let first else { return [] }
    return zip(touches, seen).compactMap { touch, seen in
      let kept = seen.filter { touch.positions[$0] >= first }
      return kept.isEmpty ? nil : touch.selecting(kept)
    }
  }

  private func isBaseRow(_ touch: Touch, _ index: Int, _ rows: RunRows) -> Bool {
    guard case .run(let run, let positions) = touch.value else { return false }
    return positions[index] == touch.positions[index]
      && rows.row(run: run, position: positions[index])
        == rows.row(run: base, position: touch.positions[index])
  }
}

extension Touch {
  /// The touch at some of its positions.
  fileprivate func selecting(_ kept: [Int]) -> Touch {
    if kept.count == positions.count { return self }
    return Touch(
      site, layers: layers, positions: kept.map { positions[$0] }, value.selecting(kept),
      at: coordinates)
  }
}
