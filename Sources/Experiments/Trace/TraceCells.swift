internal import Interventions
internal import Models

/// The patched runs of one fact and one restoration, numbered.
///
/// A number stands for a layer, a position and a sample, in this order; places whose change cannot
/// reach the last position have none: their value is the corrupted run's.
struct TraceCells: Sendable {
  struct Place: Sendable, Equatable {
    let layer: Int
    let position: Int
  }

  /// Layers and positions that the job asks for and that can change the metric.
  let reaching: [Place]
  /// Those that it asks for and that cannot.
  let equalToBaseline: [Place]
  private let restoration: Restoration
  private let length: Int
  private let layerCount: Int
  private let samples: Int

  init(_ grid: TraceGrid, fact: Int, restoration: Int) {
    let roles = grid.roles[fact]
    length = roles.tokenCount
    layerCount = grid.layerCount
    samples = grid.samples
    self.restoration = grid.restore[restoration]
    var reaching: [Place] = []
    var equal: [Place] = []
    for layer in grid.layers[restoration] {
      let window = self.restoration.restored(around: layer, layerCount: layerCount)
      for position in grid.positions[restoration][fact] {
        let cell = RestoredCell(
          sample: 0, site: self.restoration.site.site, layers: window, position: position)
        let place = Place(layer: layer, position: position)
        if cell.reachesLastPosition(
          length: length, firstCorrupted: roles.subject.lowerBound, layerCount: layerCount)
        {
          reaching.append(place)
        } else {
          equal.append(place)
        }
      }
    }
    (self.reaching, equalToBaseline) = (reaching, equal)
  }

  /// The number of patched runs.
  var count: Int { reaching.count * samples }

  subscript(number: Int) -> RestoredCell {
    let place = reaching[number / samples]
    return RestoredCell(
      sample: number % samples, site: restoration.site.site,
      layers: restoration.restored(around: place.layer, layerCount: layerCount),
      position: place.position)
  }

  /// Rows of the batch that a patched run adds from where it begins on.
  func rows(of number: Int) -> Int { length - reaching[number / samples].position }

  /// Rows that go through a block, over all layers, for a patched run: what it costs.
  func blockRows(of number: Int) -> Int {
    let place = reaching[number / samples]
    let first = restoration.restored(around: place.layer, layerCount: layerCount).lowerBound
    let entering = restoration.site == .blockOutput ? 0 : 1
    return entering + rows(of: number) * (layerCount - 1 - first)
  }
}
