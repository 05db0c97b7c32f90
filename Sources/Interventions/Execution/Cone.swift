internal import Models

/// The part of a transformer's run that a set of changes can reach: from a block on, and in each example
/// from a position on; where rows see each other, all positions. Everything else is the unchanged run's.
struct Cone: Equatable {
  /// A site, the layer and the places at which a run is looked at or changed.
  struct Touch {
    let site: Site
    let layer: Int
    let places: UnitPlaces
  }

  /// The first block that has to run again.
  let firstLayer: Int
  /// Whether the output of the block before `firstLayer` is touched; the stream that enters
  /// `firstLayer` is then visited as that output first.
  let touchesEntry: Bool
  /// The first position of each example that has to run again; at least the last one does.
  let firstPositions: [Int]

  /// - Parameter isCausal: Whether earlier positions are out of reach of later ones.
  /// - Returns: nil if nothing is touched.
  init?(_ touches: [Touch], lengths: [Int], isCausal: Bool) {
    guard let lowest = touches.map(\.layer).min() else { return nil }
    let isOnlyOutput = touches.allSatisfy { $0.layer > lowest || $0.site == .blockOutput }
    firstLayer = isOnlyOutput ? lowest + 1 : lowest
    touchesEntry = isOnlyOutput
    firstPositions = lengths.enumerated().map { example, length in
      guard isCausal else { return 0 }
      let first = touches.map { $0.places.firstPosition(of: example) }.min() ?? length
      return min(first, length - 1)
    }
  }
}
