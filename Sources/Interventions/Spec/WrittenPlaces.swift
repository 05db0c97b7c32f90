internal import Inputs

/// Where the items of lists stand as they are written, of a specification whose layers were spread.
struct WrittenPlaces: Sendable {
  /// What stood in place of an item.
  private struct Item {
    let path: String
    /// Where several items stand in place of one, which it is of.
    var layer: Int?
  }

  /// The specification's.
  private let file: String
  private var lists: [(path: String, items: [Item])] = []

  init(file: String) { self.file = file }

  /// - Parameters:
  ///   - list: The path of a list.
  ///   - paths: Of each of its items, the written one's.
  ///   - layers: Of each of its items, the layer by which it differs from others of the written one.
  mutating func add(_ list: String, _ paths: [String], layers: [Int?]) {
    lists.append((list, zip(paths, layers).map { Item(path: $0, layer: $1) }))
  }

  /// The refusal by what is written, with the layer for which that is refused.
  func callAsFunction(_ refusal: Refusal) -> Refusal {
    guard refusal.file == file else { return refusal }
    for (list, items) in lists where refusal.field.hasPrefix(list + "[") {
      let rest = refusal.field.dropFirst(list.count + 1)
      guard let end = rest.firstIndex(of: "]"), let number = Int(rest[..<end]),
        items.indices.contains(number)
      else { continue }
      let item = items[number]
      return Refusal(
        refusal.kind, file: file, field: item.path + rest[rest.index(after: end)...],
        found: refusal.found + (item.layer.map { " (layer \($0))" } ?? ""),
        expected: refusal.expected)
    }
    return refusal
  }
}
