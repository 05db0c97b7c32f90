@testable import Lenses
import Foundation
import Statistics
import Tensors
import Testing

/// The search for directions on energies whose maxima are known.
@Suite struct DirectionSearchTests {
  /// vᵀ A v, with A diagonal: the largest is at the axis of the largest element.
  private func quadratic(_ diagonal: [Double]) -> DirectionSearch.Objective {
    { v in
      let energy = zip(diagonal, v).reduce(0.0) { $0 + $1.0 * Double($1.1) * Double($1.1) }
      return (energy, zip(diagonal, v).map { 2 * $0 * Double($1) })
    }
  }

  @Test func `axes of a quadratic energy are found in falling order, each orthogonal to the last`()
    throws
  {
    let diagonal = [0.5, 3, 1, 2, 0.1]
    var found: [[Float]] = []
    for expected in [3.0, 2, 1, 0.5, 0.1] {
      let search = DirectionSearch(DirectionSearchSettings(), after: found)
      let start = [0.3, 0.2, -0.5, 0.4, 0.6]
      let direction = try search.climb(from: start, quadratic(diagonal))
      #expect(abs(direction.energy - expected) < 1e-4)
      for other in found {
        let product = zip(other, direction.vector).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
        #expect(abs(product) < 1e-6)
      }
      found.append(direction.vector)
    }
  }

  @Test func `a start inside the span of earlier directions stands for no direction`() {
    let search = DirectionSearch(DirectionSearchSettings(), after: [[1, 0, 0], [0, 1, 0]])
    #expect(search.unit([3, -2, 0]) == nil)
    #expect(search.unit([0, 0, 0]) == nil)
    #expect(search.unit([3, -2, 0.5]) == [0, 0, 1])
  }

  @Test func `of several starts the one that promises most is followed`() throws {
    // Two hills along the first axis' ends are one; the higher lies along the second.
    let objective: DirectionSearch.Objective = { v in
      let (x, y) = (Double(v[0]), Double(v[1]))
      return (pow(x, 4) + 2 * pow(y, 4), [4 * pow(x, 3), 8 * pow(y, 3), 0])
    }
    let search = DirectionSearch(DirectionSearchSettings(), after: [])
    let low = try search.climb(from: [1, 0.1, 0], objective)
    let high = try search.climb(fromBestOf: [[1, 0.1, 0], [0.1, 1, 0]], objective)
    #expect(abs(low.energy - 1) < 1e-6)
    #expect(abs(high.energy - 2) < 1e-6)
  }

  @Test func `leading eigenvectors are those of a matrix with known ones`() {
    let angle = 0.4
    let (c, s) = (cos(angle), sin(angle))
    // Rotated in a plane, eigenvalues 5 and 1, and 3 along the third axis.
    let matrix = Tensor<Double>(
      [3, 3], [5 * c * c + s * s, 4 * c * s, 0, 4 * c * s, 5 * s * s + c * c, 0, 0, 0, 3])
    let vectors = leadingEigenvectors(of: matrix, count: 2)
    #expect(abs(abs(vectors[0][0]) - c) < 1e-9 && abs(abs(vectors[0][1]) - s) < 1e-9)
    #expect(abs(abs(vectors[1][2]) - 1) < 1e-9)
  }

  @Test(arguments: [2, 3, 10, 1000])
  func `a derangement moves everything, and is another in another layer`(count: Int) {
    let order = derangement(of: count, seed: 4, layer: 0)
    #expect(order.sorted() == Array(0..<count))
    #expect(order.indices.allSatisfy { order[$0] != $0 })
    #expect(order == derangement(of: count, seed: 4, layer: 0))
    if count == 1000 { #expect(order != derangement(of: count, seed: 4, layer: 1)) }
  }

  @Test func `a layer ends with the first direction whose energy is too low`() {
    var settings = CausalBasisSettings()
    (settings.directions, settings.minimumEnergy) = (4, 1.5)
    let numbering = BasisUnit.Numbering(layers: [7], settings)
    let energies = [2.0, 1.0]
    let progress = BasisLayer.progress(7, numbering, settings) { number in
      switch numbering[number] {
      case .search(_, let direction, _):
        // What comes after a low energy is never searched.
        guard direction < 2 else { return nil }
        var vector = [Float](repeating: 0, count: 5)
        vector[direction] = 1
        return .direction(
          .init(vector: vector, energy: energies[direction], evaluations: 1))
      case .curve: return .curve(own: [2, 2.5], random: [0, 0])
      case nil: return nil
      }
    }
    guard case .whole(let layer) = progress else {
      Issue.record("a layer that is not whole: \(progress)")
      return
    }
    #expect(layer.basis.energies == [2, 1])
    #expect(layer.searches.map { $0 == nil } == [false, false, true, true])
  }
}
