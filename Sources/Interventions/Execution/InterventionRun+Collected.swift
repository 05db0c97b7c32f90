internal import Models
internal import Tensors

extension InterventionRun {
  /// The shape of each value that a run of a call hands out, in their order, before it runs; nil where
  /// examples have unequal numbers of units, whose value is rows.
  func collectedShapes(_ call: InterventionCall<Scalar>) -> [[Int]?] {
    let last = setup.groupCount - 1
    let extents = call.base.extents
    var shapes: [[Int]?] = []
    for (index, entry) in setup.entries.enumerated()
    where setup.intervention(of: index).isCollecting {
      let isSerial = setup.mode == .serial
      if isSerial, entry.group != last || call.isNull(entry.group) { continue }
      let (places, lengths) = (call.places[index], entry.grid.lengths(extents))
      let counts = lengths.enumerated().map {
        places.base.count(of: $0, length: $1, blockCount: entry.grid.blockCount)
      }
      // What no example has a unit of is not handed out.
      if counts.allSatisfy({ $0 == 0 }) { continue }
      let joined = entry.grid.unitsOfVector(places.base, lengths: lengths, joins: false) ?? 1
      let width = joined * entry.grid.width(extents)
      let chosen =
        switch places.coordinates {
        case .all: width
        case .shared(let indices): indices.count
        case .perVector(let lists): lists.first?.count ?? 0
        }
      shapes.append(
        entry.grid.shape(
          of: places.base, lengths: lengths, images: entry.grid.images(extents), width: chosen))
    }
    return shapes
  }
}
