public import Models

/// How far a change inside a causal model is seen: in each block that reads it by the positions whose
/// windows hold one that it has reached, from layer to layer farther.
public struct Reach: Sendable {
  private let length: Int
  private let reading: Int
  private let windows: [Int?]

  /// - Parameters:
  ///   - reading: How many last positions are read.
  ///   - windows: Of each layer, how many keys a query sees, itself among them; nil: all.
  public init(length: Int, reading: Int = 1, windows: [Int?]) {
    (self.length, self.reading, self.windows) = (length, reading, windows)
  }

  /// Whether a change at a position is seen at one that is read, behind all blocks.
  public func callAsFunction(_ site: Site, layer: Int, position: Int) -> Bool {
    end(site, layer: layer, position: position) > length - reading
  }

  /// One past the last position that sees a change at a position, behind all blocks.
  func end(_ site: Site, layer: Int, position: Int) -> Int {
    let first = site.reachesLaterPositionsInItsBlock ? layer : layer + 1
    var end = position + 1
    for layer in windows.indices.dropFirst(first) where end < length {
      end = spread(end, in: layer)
    }
    return end
  }

  /// One past the last position that sees, behind a block, what has reached the positions before
  /// `end`.
  func spread(_ end: Int, in layer: Int) -> Int {
    windows[layer].map { min(length, end - 1 + $0) } ?? length
  }
}

extension Patch {
  /// Whether the patched run can differ from its base at the last positions; where it cannot, its
  /// result is the base's.
  public func reaches(_ rows: RunRows, reading: Int = 1, windows: [Int?]) -> Bool {
    !reaching(rows, reading: reading, windows: windows).isEmpty
  }

  /// The touches at the places that can make a difference at the last positions.
  ///
  /// A value taken from the very row of the base that it replaces makes none, unless the run is
  /// changed at that position or before it.
  func reaching(_ rows: RunRows, reading: Int, windows: [Int?]) -> [Touch] {
    let reach = Reach(length: rows.lengths[base], reading: reading, windows: windows)
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
