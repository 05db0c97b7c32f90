internal import Models
internal import Tensors

/// A touch but for its layers: what must be equal for two patches to be alike in a layer.
struct TouchKey: Hashable {
  private enum Coordinates: Hashable {
    case all
    case heads([Int])
    case columns([Int])
    case subspace(Int)
  }

  private enum Value: Hashable {
    case run(Int, [Int])
    case zero
    case row(Int)
    case rows(Int)
    case wholeRows(Int)
  }

  private let site: Site
  private let positions: [Int]
  private let coordinates: Coordinates
  private let value: Value

  /// Constants are the same if they are in the same memory.
  init(_ touch: Touch) {
    site = touch.site.unsplit
    positions = touch.positions
    coordinates =
      switch touch.coordinates {
      case .all: .all
      case .heads(let heads): .heads(heads)
      case .columns(let columns): .columns(columns)
      case .subspace(let space): .subspace(Int(bitPattern: space.rows.unsafePointer))
      }
    value =
      switch touch.value {
      case .run(let run, let positions): .run(run, positions)
      case .zero: .zero
      case .row(let row): .row(Int(bitPattern: row.unsafePointer))
      case .rows(let rows): .rows(Int(bitPattern: rows.unsafePointer))
      case .wholeRows(let rows): .wholeRows(Int(bitPattern: rows.unsafePointer))
      }
  }
}
