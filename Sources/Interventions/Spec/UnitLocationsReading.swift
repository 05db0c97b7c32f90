internal import Inputs

/// Reads `unit_locations`: where each entry acts, in every form that the reference takes.
///
/// Under a key are the places in the source and in the base, one entry an intervention, each
/// `[example][unit]`, or for pairs `[[example][head], [example][position]]`. In short: an integer is
/// that place everywhere, two integers are source and base, other lists of integers are those places
/// in every example; where there is no source, two integers are two places.
struct UnitLocationsReading {
  typealias Sides = (source: UnitPlaces, base: UnitPlaces)

  /// The axis of each entry.
  let axes: [UnitAxis]
  let examples: Int

  static let both = "sources->base"
  static let baseOnly = "base"

  /// Parallel mode: by entry; the source is nil under the key `base`.
  func parallel(
    _ field: JSONField?
  ) throws(Refusal) -> [(source: UnitPlaces?, base: UnitPlaces)] {
    guard let field else { return axes.map { _ in (.whole, .whole) } }
    try field.refuseUnknownKeys(known: [Self.both, Self.baseOnly])
    let members = try field.members()
    guard members.count == 1, let member = members.first else {
      throw field.refusal(
        "\(members.count) keys", expected: "either \(Self.both) or \(Self.baseOnly)")
    }
    if member.key == Self.baseOnly {
      return try side(member.field, Array(axes.indices)).map { (nil, $0) }
    }
    return try pair(member.field, Array(axes.indices)).map { ($0.source, $0.base) }
  }

  /// Serial mode: by entry, from `source_0->source_1` to `source_N->base`.
  ///
  /// - Parameter groups: The group of each entry, ascending.
  func serial(_ field: JSONField?, groups: [Int]) throws(Refusal) -> [Sides] {
    let last = groups.max() ?? 0
    func key(_ group: Int) -> String {
      group == last ? "source_\(group)->base" : "source_\(group)->source_\(group + 1)"
    }
    let keys = (0...last).map(key)
    guard let field else { return axes.map { _ in (.whole, .whole) } }
    for (name, member) in try field.members() where !keys.contains(name) {
      throw member.refusal(
        "the step \(quoted(name))",
        expected:
          "one of \(keys.joined(separator: ", ")): sources run in order, each changed by the one "
          + "before, so a step back would close a cycle")
    }
    var sides = axes.map { _ in Sides(.whole, .whole) }
    for group in 0...last {
      let entries = groups.indices.filter { groups[$0] == group }
      for (entry, places) in zip(entries, try pair(field[key(group)], entries)) {
        sides[entry] = places
      }
    }
    return sides
  }

  private func pair(_ field: JSONField, _ entries: [Int]) throws(Refusal) -> [Sides] {
    if field.isNull { return entries.map { _ in (.whole, .whole) } }
    let isPlaces = field.isListOfNumbers ? try field.items().count != 2 : field.isNumber
    if isPlaces {
      let places = try side(field, entries)
      return zip(places, places).map { ($0, $1) }
    }
    let sides = try field.items()
    guard sides.count == 2 else {
      throw field.refusal(
        "a list of \(sides.count)", expected: "[places in the sources, places in the base]")
    }
    return zip(try side(sides[0], entries), try side(sides[1], entries)).map { ($0, $1) }
  }

  private func side(_ field: JSONField, _ entries: [Int]) throws(Refusal) -> [UnitPlaces] {
    if field.isNull { return entries.map { _ in .whole } }
    if field.isNumber || field.isListOfNumbers {
      let numbers = field.isNumber ? [try field.int()] : try field.integers()
      if let pair = entries.first(where: { axes[$0].isPair }) {
        throw field.refusal(
          "places without heads",
          expected: "[[example][head], [example][position]] for unit \(axes[pair].rawValue)")
      }
      return entries.map { places(.same(numbers), along: axes[$0]) }
    }
    let items = try field.items()
    guard items.count == entries.count else {
      throw field.refusal(
        "places of \(items.count) interventions", expected: "\(entries.count), or null for each")
    }
    var result: [UnitPlaces] = []
    for (item, entry) in zip(items, entries) {
      result.append(item.isNull ? .whole : try nested(item, axes[entry]))
    }
    return result
  }

  private func nested(_ field: JSONField, _ axis: UnitAxis) throws(Refusal) -> UnitPlaces {
    guard axis.isPair else { return places(try choice(field), along: axis) }
    let levels = try field.items()
    guard levels.count == 2 else {
      throw field.refusal(
        "a list of \(levels.count)",
        expected: "two for unit \(axis.rawValue): [[example][head], [example][position]]")
    }
    return UnitPlaces(blocks: try choice(levels[0]), positions: try choice(levels[1]))
  }

  private func choice(_ field: JSONField) throws(Refusal) -> UnitPlaces.Choice {
    let items = try field.items()
    guard items.count == examples || items.count == 1 else {
      throw field.refusal(
        "places of \(items.count) examples",
        expected: "\(examples), one list for each, or one for all")
    }
    var lists: [[Int]] = []
    for item in items { lists.append(try item.integers()) }
    return lists.count == 1 ? .same(lists[0]) : .each(lists)
  }

  private func places(_ choice: UnitPlaces.Choice, along axis: UnitAxis) -> UnitPlaces {
    axis.choosesBlocksOnly ? UnitPlaces(blocks: choice) : UnitPlaces(positions: choice)
  }
}
