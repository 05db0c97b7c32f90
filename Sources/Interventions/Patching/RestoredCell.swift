public import Models

/// One patched run of a sweep: a corrupted run in which a clean state is put back.
public struct RestoredCell: Sendable, Equatable {
  /// Which of the corrupted runs is continued.
  public var sample: Int
  public let site: Site
  /// The layers at which the clean state is put back: one, or a window.
  public let layers: Range<Int>
  public let position: Int

  public init(sample: Int, site: Site, layers: Range<Int>, position: Int) {
    precondition(!layers.isEmpty, "a cell restores at least one layer")
    self.sample = sample
    self.site = site
    self.layers = layers
    self.position = position
  }

  /// Whether the cell can differ, at the last position, from the corrupted run that it continues.
  ///
  /// It cannot where nothing before or at the position is corrupted, nor where the change has no
  /// block left in which later positions could see it.
  public func reachesLastPosition(length: Int, firstCorrupted: Int, layerCount: Int) -> Bool {
    guard position >= firstCorrupted else { return false }
    if position == length - 1 { return true }
    let last = site.reachesLaterPositionsInItsBlock ? layerCount - 1 : layerCount - 2
    return layers.lowerBound <= last
  }
}
