internal import Models

/// The part of a stack's run that a set of changes can reach: from a block on, and in each example from a
/// position on, as far as windows let later positions see it; where rows see each other, all positions.
/// Everything else is the unchanged run's.
struct Cone: Equatable {
  /// A site, the layer and the places at which a run is looked at or changed.
  struct Touch {
    let site: Site
    let layer: Int
    let places: UnitPlaces
  }

  /// The first block that has to run again.
  let firstLayer: Int
  /// One past the last block that is touched.
  let touchedEnd: Int
  /// Whether the output of the block before `firstLayer` is touched; the stream that enters
  /// `firstLayer` is then visited as that output first.
  let touchesEntry: Bool
  /// Positions of each example.
  let lengths: [Int]
  /// The first position of each example that has to run again; at least the last one does.
  let firstPositions: [Int]
  /// One past the last position of each example that has to run again.
  let ends: [Int]

  /// - Parameters:
  ///   - isCausal: Whether earlier positions are out of reach of later ones.
  ///   - windows: By layer, the keys that a query sees; nil: positions out of their reach are in the
  ///     cone all the same.
  /// - Returns: nil if nothing is touched.
  init?(_ touches: [Touch], lengths: [Int], isCausal: Bool, windows: [Int?]? = nil) {
    guard let lowest = touches.map(\.layer).min() else { return nil }
    let isOnlyOutput = touches.allSatisfy { $0.layer > lowest || $0.site.own == .blockOutput }
    firstLayer = isOnlyOutput ? lowest + 1 : lowest
    touchedEnd = 1 + (touches.map(\.layer).max() ?? lowest)
    touchesEntry = isOnlyOutput
    self.lengths = lengths
    // What is made of an encoder's rows is seen from every position.
    let isCut = isCausal && !touches.contains { $0.site.isOfEncodedRows }
    let firsts = lengths.enumerated().map { example, length in
      guard isCut else { return 0 }
      let first = touches.map { $0.places.firstPosition(of: example) }.min() ?? length
      return min(first, length - 1)
    }
    firstPositions = firsts
    // Attention weights are as wide as the longest sequence.
    let endsEarly = isCut && !touches.contains { $0.site.own == .attentionWeight }
    ends = lengths.enumerated().map { example, length in
      guard endsEarly, let windows else { return length }
      let reach = Reach(length: length, windows: windows)
      let ends = touches.map { touch in
        let end = touch.places.endPosition(of: example, length: length)
        return end == 0 ? 0 : reach.end(touch.site.own, layer: touch.layer, position: end - 1)
      }
      return max(firsts[example] + 1, ends.max() ?? 0)
    }
  }
}
