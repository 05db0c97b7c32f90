internal import Models

extension InterventionCall.Places {
  /// Where an entry acts, in words: `position 4, from position 3 of the source`.
  func words(_ grid: UnitGrid, readsSource: Bool) -> String {
    var words = base.words(grid)
    if readsSource, let source, source != base { words += ", from " + source.words(grid) }
    if given != nil { words += ", given a value" }
    switch coordinates {
    case .all: break
    case .shared(let indices): words += ", \(indices.count) coordinates"
    case .perVector: words += ", coordinates of each example's own"
    }
    return words
  }
}

extension UnitPlaces {
  fileprivate func words(_ grid: UnitGrid) -> String {
    let position: String =
      switch grid.axis {
      case .step: "time step"
      case .pixel, .channelPixel, .channel: "pixel"
      case .feature where grid.extent.isImage: "pixel"
      default: "position"
      }
    let at = positions.words(position)
    guard grid.blockCount > 1 else { return at }
    let block: String =
      switch grid.axis {
      case .sensePosition: "sense"
      default: grid.blockName
      }
    return blocks.words(block) + " at " + at
  }
}

extension UnitPlaces.Choice {
  private static let shown = 12

  /// `every head`, `heads 1, 3`, or that each example has its own.
  func words(_ name: String) -> String {
    switch self {
    case .every: return "every \(name)"
    case .each: return "\(name)s of each example's own"
    case .same(let numbers):
      if numbers.count == 1 { return "\(name) \(numbers[0])" }
      if numbers.isEmpty { return "no \(name)" }
      let isRange = numbers.enumerated().allSatisfy { $1 == numbers[0] + $0 }
      if isRange, numbers.count > 2 {
        return "\(name)s \(numbers[0]) to \(numbers[0] + numbers.count - 1)"
      }
      let listed = numbers.prefix(Self.shown).map(String.init).joined(separator: ", ")
      return "\(name)s \(listed)" + (numbers.count > Self.shown ? ", ..." : "")
    }
  }
}
