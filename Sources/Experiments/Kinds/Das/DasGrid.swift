internal import Inputs
package import JobFiles
internal import Models

/// The trainings of a job, one a unit: each layer with each place with each width.
package struct DasGrid: Sendable {
  /// One training.
  package struct Point: Sendable, Equatable {
    /// Of the unit.
    package let number: Int
    /// Places along the three axes.
    package let index: [Int]
    /// Nil where the interventions say it themselves.
    package let layer: Int?
    package let position: Places?
    package let width: Int?

    /// What its folder is called.
    package var name: String {
      func plain(_ text: String) -> String {
        String(
          text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_+".contains($0)) ? $0 : "_" }
            .prefix(60))
      }
      let parts = [
        layer.map { "layer_\($0)" }, position.map { "at_\(plain($0.label))" },
        width.map { "width_\($0)" },
      ].compactMap { $0 }
      return (["unit_\(number)"] + parts).joined(separator: "_")
    }

    /// What a person calls it.
    package var text: String {
      let parts = [
        layer.map { "layer \($0)" }, position.map { "at \(escaped($0.label))" },
        width.map { "width \($0)" },
      ].compactMap { $0 }
      return parts.isEmpty ? "the training" : parts.joined(separator: ", ")
    }
  }

  package let layers: [Int?]
  package let positions: [Places?]
  package let widths: [Int?]

  init(layers: [Int?], positions: [Places?], widths: [Int?]) {
    (self.layers, self.positions, self.widths) = (layers, positions, widths)
  }

  init(_ spec: DasSpec, sites: [(site: Site, layers: Range<Int>)]) throws(Refusal) {
    positions = spec.sweep.positions.map { $0 } ?? [nil]
    widths = spec.sweep.widths.map { $0 } ?? [nil]
    guard let selection = spec.sweep.layers else {
      layers = [nil]
      return
    }
    // A component that is a module path, or misspelt, is refused where it is resolved.
    let open = spec.interventions.filter(\.needsLayer).map(\.component)
    let counts = open.compactMap { name in
      sites.filter { $0.site.rawValue == name }.map(\.layers.upperBound).max()
    }
    let most = counts.min() ?? sites.map(\.layers.upperBound).max() ?? 0
    layers = try selection.resolve(count: most, of: spec.modelName)
  }

  package var count: Int { layers.count * positions.count * widths.count }

  package func point(_ number: Int) -> Point {
    let width = number % widths.count
    let position = number / widths.count % positions.count
    let layer = number / widths.count / positions.count
    return Point(
      number: number, index: [layer, position, width], layer: layers[layer],
      position: positions[position], width: widths[width])
  }

  package var points: [Point] { (0..<count).map(point) }
}
