internal import Inputs
internal import ResultsStore

/// A dimension of arrays.
struct Axis: Sendable, Equatable {
  let name: String
  let count: Int

  init(_ name: String, _ count: Int) { (self.name, self.count) = (name, count) }
}

/// What may stand in an array of numbers, where something stands.
enum Law: Sendable {
  case any
  /// No infinity.
  case finite
  /// Within the bounds, to a float's rounding.
  case within(ClosedRange<Float>)
}

/// One array of a run: what it says, and over which axes beyond those of its group.
struct Quantity: Sendable {
  let name: String
  let type: ZarrDataType
  let axes: [Axis]
  /// What a value is, with its unit.
  let says: String
  /// What a missing chunk reads as, of integers; floats read as NaN.
  var fill = 0
  var law = Law.any
  /// Meanings of an enumeration's numbers.
  var flags: [(value: UInt8, name: String)] = []
  /// Whether `save.round_bits` rounds it.
  var isRounded = false

  init(
    _ name: String, _ type: ZarrDataType, _ axes: [Axis] = [], _ says: String = "", fill: Int = 0,
    law: Law = .any, flags: [(UInt8, String)] = [], isRounded: Bool = false
  ) {
    (self.name, self.type, self.axes, self.says, self.fill) = (name, type, axes, says, fill)
    (self.law, self.isRounded) = (law, isRounded)
    self.flags = flags.map { (value: $0.0, name: $0.1) }
  }

  /// Values and meanings as the CF conventions name them, after the description.
  var attributes: [Attribute.Member] {
    (says.isEmpty ? [] : [Attribute.Member("description", .text(says))])
      + (flags.isEmpty
        ? []
        : [
          Attribute.Member("flag_values", .list(flags.map { .integer(Int($0.value)) })),
          Attribute.Member("flag_meanings", .text(flags.map(\.name).joined(separator: " "))),
        ])
  }
}

/// Arrays whose first axes are the same grid; what they hold becomes known block by block of it.
struct ArrayGroup: Sendable {
  /// The folder below the results; empty: none.
  let folder: String
  /// A block is one index along each of these.
  let grid: [Axis]
  let quantities: [Quantity]

  init(in folder: String = "", over grid: [Axis] = [], _ quantities: [Quantity]) {
    (self.folder, self.grid, self.quantities) = (folder, grid, quantities)
  }

  /// Bytes of a file before compression, at most, unless one row of blocks has more.
  static let fileBytes = 32 << 20

  var blockCount: Int { grid.reduce(1) { $0 * $1.count } }

  /// Blocks along the grid's first axis that share a file: the same for all arrays of the group.
  var blocksOfFile: Int {
    guard let first = grid.first else { return 1 }
    let row = grid.dropFirst().reduce(1) { $0 * $1.count }
    let widest = quantities.map { $0.axes.reduce($0.type.size ?? 16) { $0 * $1.count } }.max() ?? 1
    return max(1, min(first.count, Self.fileBytes / max(1, row * widest)))
  }

  /// Files of each array.
  var fileCount: Int {
    guard let first = grid.first else { return 1 }
    return (first.count + blocksOfFile - 1) / blocksOfFile
  }

  /// The blocks of a file, in C order.
  func blocks(ofFile file: Int) -> [[Int]] {
    guard let first = grid.first else { return [[]] }
    let end = min(first.count, (file + 1) * blocksOfFile)
    return (file * blocksOfFile..<end).flatMap { start in
      grid.dropFirst().reduce([[start]]) { places, axis in
        places.flatMap { place in (0..<axis.count).map { place + [$0] } }
      }
    }
  }

  func path(of quantity: Quantity) -> String {
    folder.isEmpty ? quantity.name : "\(folder)/\(quantity.name)"
  }

  /// The array's description in the store: a chunk a block, a file of many.
  func spec(of quantity: Quantity, level: Int) throws(Refusal) -> ZarrArraySpec {
    let inner = quantity.axes.map(\.count)
    let chunks = grid.map { _ in 1 } + inner.map { max(1, $0) }
    let shards =
      blockCount > 1 && quantity.type.size != nil
      ? [blocksOfFile] + grid.dropFirst().map(\.count) + inner.map { max(1, $0) } : nil
    return try ZarrArraySpec(
      quantity.type, shape: grid.map(\.count) + inner, chunks: chunks, shards: shards,
      dimensions: (grid + quantity.axes).map(\.name), fill: quantity.fill,
      compression: .zstd(level: level), attributes: quantity.attributes)
  }
}
