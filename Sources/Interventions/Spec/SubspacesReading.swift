internal import Inputs

/// Reads `subspaces`: an integer or a list for every intervention, or lists for each and its
/// examples. Numbers are coordinates, or parts where the intervention has a partition; below 0 they
/// count from the end, and ranges such as `"0:4"` and `"all"` stand for several.
struct SubspacesReading {
  let examples: Int
  let representations: [RepresentationSpec]
  /// How many coordinates each intervention can choose among; nil if it has none to choose. Types
  /// that ignore subspaces are asked for none.
  let counts: [Int?]

  /// - Returns: By intervention; nil where there is no restriction, as of types that ignore them.
  func callAsFunction(_ field: JSONField?) throws(Refusal) -> [Coordinates?] {
    var result = [Coordinates?](repeating: nil, count: representations.count)
    guard let field else { return result }
    if field.isChoiceOfNumbers {
      guard try !field.placeNumbers().isEmpty else { return result }
      for index in representations.indices {
        if representations[index].type.ignoresSubspaces { continue }
        result[index] = .shared(try coordinates(of: index, field))
      }
      return result
    }
    let items = try field.items()
    guard items.count == representations.count else {
      throw field.refusal(
        "subspaces of \(items.count) interventions",
        expected: "\(representations.count), or null for each")
    }
    for (index, item) in items.enumerated() where !item.isNull && !item.isObject {
      result[index] = try own(item, index)
    }
    return result
  }

  /// Numbers by name, which a formula reads in place of its constants of these names: an object
  /// where another intervention has lists.
  func numbers(
    _ field: JSONField?, known: [[String]]
  ) throws(Refusal) -> [[String: Float]] {
    var result = [[String: Float]](repeating: [:], count: representations.count)
    guard let field, case .array = field.value, !field.isChoiceOfNumbers else { return result }
    for (index, item) in try field.items().enumerated()
    where item.isObject && index < result.count {
      try item.refuseUnknownKeys(known: known[index])
      for (name, value) in try item.members() { result[index][name] = Float(try value.double()) }
    }
    return result
  }

  private func own(_ field: JSONField, _ index: Int) throws(Refusal) -> Coordinates? {
    let rows = try field.items()
    if rows.isEmpty { return nil }
    guard rows.count == examples || rows.count == 1 else {
      throw field.refusal(
        "subspaces of \(rows.count) examples",
        expected: "\(examples), one list for each, or one for all")
    }
    var lists: [[Int]] = []
    for row in rows {
      if !row.isName { _ = try row.items() }
      _ = try row.placeNumbers()
      if !representations[index].type.ignoresSubspaces {
        lists.append(try coordinates(of: index, row))
      }
    }
    if lists.isEmpty { return nil }
    if let first = lists.first, lists.allSatisfy({ $0 == first }) { return .shared(first) }
    return .perVector(lists)
  }

  private func coordinates(
    of index: Int, _ field: JSONField
  ) throws(Refusal) -> [Int] {
    let representation = representations[index]
    guard let count = counts[index] else {
      throw field.refusal(
        "subspaces of \(representation.type.rawValue)",
        expected: "null: it chooses its coordinates by itself")
    }
    let partition = representation.partition
    var numbers: [Int] = []
    for item in field.isPlace ? [field] : try field.items() {
      numbers += try PlaceNumber(item).numbers(
        within: partition?.count ?? count, partition == nil ? "coordinate" : "part", at: item)
    }
    return partition.map { partition in numbers.flatMap { partition[$0] } } ?? numbers
  }
}
