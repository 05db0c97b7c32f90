internal import Inputs

/// A layer's basis, and the searches that led to it.
package struct BasisLayer: Sendable {
  package let basis: CausalBasis
  /// By direction and restart; nil where a low energy ended the layer before.
  package let searches: [DirectionSearch.Found?]

  /// What is known of a layer.
  package enum Progress {
    case whole(BasisLayer)
    /// The unit that it cannot go on without.
    case waits(for: Int)
  }

  private struct Missing: Error { let unit: Int }

  /// - Parameter known: The result of a unit by its number.
  package static func progress(
    _ layer: Int, _ numbering: BasisUnit.Numbering, _ settings: CausalBasisSettings,
    known: (Int) -> BasisResult?
  ) -> Progress {
    let work = LayerBasis(layer: layer, settings: settings, starts: nil)
    let basis: CausalBasis
    do {
      basis = try work.basis { unit, _ in
        guard let result = known(numbering.number(of: unit)) else {
          throw Missing(unit: numbering.number(of: unit))
        }
        return result
      }
    } catch {
      return .waits(for: (error as? Missing)?.unit ?? numbering.number(of: .curve(layer: layer)))
    }
    let searches = (0..<settings.directions * settings.restarts).map {
      place -> DirectionSearch.Found? in
      let (direction, restart) = place.quotientAndRemainder(dividingBy: settings.restarts)
      let unit = BasisUnit.search(layer: layer, direction: direction, restart: restart)
      guard case .direction(let found)? = known(numbering.number(of: unit)) else { return nil }
      return found
    }
    return .whole(BasisLayer(basis: basis, searches: searches))
  }
}
