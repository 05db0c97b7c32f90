internal import Foundation
internal import Inputs
internal import ResultsStore

/// The arrays of a run, `results.zarr`: what they are, and how they are filled.
///
/// A file holds many blocks, and is written whole from the results each time that more of its blocks
/// are known: nothing is read, changed and written back. Nothing in it depends on ranks or times.
struct RunStore<Layout: Table> {
  let table: Layout
  let store: ZarrStore
  /// Files whose blocks are all known and written, by group.
  private var whole: [Set<Int>]

  /// The hierarchy of the arrays.
  ///
  /// - Parameter text: The canonical specification, which the root's attributes hold.
  static func root(_ table: Layout, spec text: String) throws(Refusal) -> ZarrGroup {
    var root = ZarrGroup(
      attributes: [
        Attribute.Member("kind", .text(Layout.Spec.kind)),
        Attribute.Member("model", .text(table.spec.modelName)),
      ] + table.attributes + [Attribute.Member("spec", .text(text))])
    for group in table.groups {
      for quantity in group.quantities {
        let spec = try group.spec(of: quantity, level: table.spec.save.level)
        if group.folder.isEmpty {
          root.arrays[quantity.name] = spec
        } else {
          root.groups[group.folder, default: ZarrGroup()].arrays[quantity.name] = spec
        }
      }
    }
    return root
  }

  /// Makes the arrays, or opens those of an earlier start.
  init(_ folder: RunFolder, _ table: Layout, by files: FileWriter) throws(Refusal) {
    self.table = table
    store = try ZarrStore.create(
      at: folder.results, try Self.root(table, spec: folder.spec.json), by: files)
    whole = table.groups.map { _ in [] }
  }

  /// Writes every file of which something is known that it does not hold.
  mutating func write(_ results: Results<Layout.Result>, by files: FileWriter) throws(Refusal) {
    for (number, group) in table.groups.enumerated() {
      for file in 0..<group.fileCount where !whole[number].contains(file) {
        if try write(file, of: number, group, results, by: files) { whole[number].insert(file) }
      }
    }
  }

  /// - Returns: Whether all that the file can hold is known.
  private func write(
    _ file: Int, of number: Int, _ group: ArrayGroup, _ results: Results<Layout.Result>,
    by files: FileWriter
  ) throws(Refusal) -> Bool {
    var parts = group.quantities.map { _ in [[Int]: ArrayValues]() }
    var isWhole = true
    for block in group.blocks(ofFile: file) {
      let values = try Self.stored(table, number, at: block, results)
      for (place, value) in values.enumerated() {
        if let value { parts[place][block] = value } else { isWhole = false }
      }
    }
    for (quantity, blocks) in zip(group.quantities, parts) where !blocks.isEmpty {
      let array = try store.array(group.path(of: quantity))
      guard !array.spec.shape.contains(0) else { continue }
      try ArrayValues.write(blocks, to: array, file: file, by: files)
    }
    return isWhole
  }

  /// What a block's chunks hold: the values as they are stored.
  static func stored(
    _ table: Layout, _ group: Int, at block: [Int], _ results: Results<Layout.Result>
  ) throws(Refusal) -> [ArrayValues?] {
    let values = try table.values(group, at: block, results)
    guard let bits = table.spec.save.roundBits else { return values }
    return zip(table.groups[group].quantities, values).map { quantity, value in
      guard quantity.isRounded, case .floats(let floats)? = value else { return value }
      return .floats(MantissaRounding.round(floats, bits: bits))
    }
  }
}

extension ArrayValues {
  /// Writes the blocks of a file of an array; those that are not given stay missing.
  ///
  /// - Parameter blocks: By index along the grid.
  static func write(
    _ blocks: [[Int]: ArrayValues], to array: ZarrArray, file: Int, by files: FileWriter
  ) throws(Refusal) {
    func index(_ block: [Int]) -> [Int] {
      block + array.spec.shape.dropFirst(block.count).map { _ in 0 }
    }
    guard array.spec.shards != nil else {
      for (block, values) in blocks.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        try values.write(to: array, at: index(block), by: files)
      }
      return
    }
    let place = [file] + array.spec.shape.dropFirst().map { _ in 0 }
    func put<Element: ZarrElement>(
      _ element: (ArrayValues) -> [Element]?
    ) throws(Refusal) {
      var chunks: [[Int]: [Element]] = [:]
      for (block, values) in blocks { chunks[index(block)] = element(values) }
      let bytes = try array.bytes(shard: place, chunks: chunks)
      guard try array.digest(ofFile: place) != Digest.of(bytes) else { return }
      try array.write(bytes, file: place, by: files)
    }
    switch array.spec.dataType {
    case .int32: try put { if case .integers(let values) = $0 { values } else { nil } }
    case .uint8: try put { if case .bytes(let values) = $0 { values } else { nil } }
    case .float32: try put { if case .floats(let values) = $0 { values } else { nil } }
    default: throw unknownType(array)
    }
  }

  /// What the chunk at an index of the chunk grid holds; nil where it is missing.
  static func read(_ array: ZarrArray, chunk index: [Int]) throws(Refusal) -> ArrayValues? {
    switch array.spec.dataType {
    case .int32: try array.readChunk(index, as: Int32.self).map { .integers($0) }
    case .uint8: try array.readChunk(index, as: UInt8.self).map { .bytes($0) }
    case .float32: try array.readChunk(index, as: Float.self).map { .floats($0) }
    case .string: try array.readChunk(index, as: String.self).map { .texts($0) }
    case .bool, .int64, .float64: throw unknownType(array)
    }
  }

  private static func unknownType(_ array: ZarrArray) -> Refusal {
    Refusal(
      .store, file: array.path, field: "data_type", found: array.spec.dataType.rawValue,
      expected: "a type that results have")
  }

  /// The first value that a law forbids, in words; NaN stands for none.
  func breach(of law: Law) -> (place: Int, found: String, expected: String)? {
    guard case .floats(let values) = self else { return nil }
    switch law {
    case .any: return nil
    case .finite:
      guard let place = values.firstIndex(where: { $0.isInfinite }) else { return nil }
      return (place, "\(values[place])", "a finite number")
    case .within(let bounds):
      let slack = 1e-5 * max(1, abs(bounds.upperBound))
      guard
        let place = values.firstIndex(where: {
          $0 < bounds.lowerBound - slack || $0 > bounds.upperBound + slack
        })
      else { return nil }
      return (
        place, "\(values[place])", "a number from \(bounds.lowerBound) to \(bounds.upperBound)"
      )
    }
  }
}
