internal import Inputs
internal import Models
internal import Tensors

/// Reads `unit_locations`: where each entry acts, in every form that the reference takes.
///
/// Under a key are the places in the source and in the base, one entry an intervention, each
/// `[example][unit]`, or for pairs `[[example][head], [example][position]]`. In short: an integer is
/// that place everywhere, two integers are source and base, other lists of integers are those places
/// in every example; where there is no source, two integers are two places. Wherever an integer can
/// stand, so can a number from the end, `"last"`, `"all"`, a range, and of pixels a rectangle
/// (`PlaceNumber`).
struct UnitLocationsReading {
  typealias Sides = (source: UnitPlaces, base: UnitPlaces)

  /// One entry as places are read for it.
  struct Entry {
    let grid: UnitGrid
    /// Of the examples of its source; nil if it has none.
    let source: InputLengths?
    /// Of the examples that it changes.
    let base: InputLengths
    /// What masks leave out before the positions of each example; nothing where there is no mask.
    var paddingBefore: (source: [Int], base: [Int]) = ([], [])

    var axis: UnitAxis { grid.axis }
  }

  let entries: [Entry]
  let examples: Int

  static let both = "sources->base"
  static let baseOnly = "base"

  /// Parallel mode: by entry; the source is nil under the key `base`.
  func parallel(
    _ field: JSONField?
  ) throws(Refusal) -> [(source: UnitPlaces?, base: UnitPlaces)] {
    guard let field else { return entries.map { _ in (.whole, .whole) } }
    try field.refuseUnknownKeys(known: [Self.both, Self.baseOnly])
    let members = try field.members()
    guard members.count == 1, let member = members.first else {
      throw field.refusal(
        "\(members.count) keys", expected: "either \(Self.both) or \(Self.baseOnly)")
    }
    if member.key == Self.baseOnly {
      return try side(member.field, Array(entries.indices), inSource: false).map { (nil, $0) }
    }
    return try pair(member.field, Array(entries.indices)).map { ($0.source, $0.base) }
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
    guard let field else { return entries.map { _ in (.whole, .whole) } }
    for (name, member) in try field.members() where !keys.contains(name) {
      throw member.refusal(
        "the step \(quoted(name))",
        expected:
          "one of \(keys.joined(separator: ", ")): sources run in order, each changed by the one "
          + "before, so a step back would close a cycle")
    }
    var sides = entries.map { _ in Sides(.whole, .whole) }
    for group in 0...last {
      let own = groups.indices.filter { groups[$0] == group }
      for (entry, places) in zip(own, try pair(field[key(group)], own)) {
        sides[entry] = places
      }
    }
    return sides
  }

  private func pair(_ field: JSONField, _ chosen: [Int]) throws(Refusal) -> [Sides] {
    if field.isNull { return chosen.map { _ in (.whole, .whole) } }
    let isPlaces = field.isListOfPlaces ? try field.items().count != 2 : field.isPlace
    if isPlaces {
      return zip(
        try side(field, chosen, inSource: true), try side(field, chosen, inSource: false)
      ).map { ($0, $1) }
    }
    let sides = try field.items()
    guard sides.count == 2 else {
      throw field.refusal(
        "a list of \(sides.count)", expected: "[places in the sources, places in the base]")
    }
    return zip(
      try side(sides[0], chosen, inSource: true), try side(sides[1], chosen, inSource: false)
    ).map { ($0, $1) }
  }

  private func side(
    _ field: JSONField, _ chosen: [Int], inSource: Bool
  ) throws(Refusal) -> [UnitPlaces] {
    if field.isNull { return chosen.map { _ in .whole } }
    if field.isPlace || field.isListOfPlaces {
      if let pair = chosen.first(where: { entries[$0].axis.isPair }) {
        throw field.refusal(
          "places without heads",
          expected:
            "[[example][head], [example][position]] for unit \(entries[pair].axis.rawValue)")
      }
      var result: [UnitPlaces] = []
      for entry in chosen { result.append(try simple(field, entries[entry], inSource, [field])) }
      return result
    }
    let items = try field.items()
    guard items.count == chosen.count else {
      throw field.refusal(
        "places of \(items.count) interventions", expected: "\(chosen.count), or null for each")
    }
    var result: [UnitPlaces] = []
    for (item, entry) in zip(items, chosen) {
      result.append(item.isNull ? .whole : try nested(item, entries[entry], inSource))
    }
    return result
  }

  private func nested(
    _ field: JSONField, _ entry: Entry, _ inSource: Bool
  ) throws(Refusal) -> UnitPlaces {
    guard entry.axis.isPair else { return try simple(field, entry, inSource, own(field)) }
    let levels = try field.items()
    guard levels.count == 2 else {
      throw field.refusal(
        "a list of \(levels.count)",
        expected: "two for unit \(entry.axis.rawValue): [[example][head], [example][position]]")
    }
    return UnitPlaces(
      blocks: try choice(own(levels[0]), among: blocks(entry)),
      positions: try choice(own(levels[1]), among: positions(entry, inSource)))
  }

  /// One list for each example, or one for all.
  private func own(_ field: JSONField) throws(Refusal) -> [JSONField] {
    if field.isName || field.isPatch { return [field] }
    let items = try field.items()
    for item in items where !item.isName && !item.isPatch { _ = try item.items() }
    guard items.count == examples || items.count == 1 else {
      throw field.refusal(
        "places of \(items.count) examples",
        expected: "\(examples), one list for each, or one for all")
    }
    return items
  }

  private func simple(
    _ field: JSONField, _ entry: Entry, _ inSource: Bool, _ lists: [JSONField]
  ) throws(Refusal) -> UnitPlaces {
    entry.axis.choosesBlocksOnly
      ? UnitPlaces(blocks: try choice(lists, among: blocks(entry)))
      : UnitPlaces(positions: try choice(lists, among: positions(entry, inSource)))
  }

  /// What places are counted in, of one example.
  private struct Scale {
    let length: Int
    var padding = 0
    var image: ImageSize?
  }

  private func blocks(_ entry: Entry) -> [Scale] {
    Array(repeating: Scale(length: entry.grid.blockCount), count: examples)
  }

  /// The lengths that positions count in; of a source that is null nothing is read.
  private func positions(_ entry: Entry, _ inSource: Bool) -> [Scale] {
    guard let all = inSource ? entry.source : entry.base else {
      return Array(repeating: Scale(length: 0), count: examples)
    }
    let images = entry.grid.images(all)
    let isOfTokens = entry.grid.extent == .inputs && images == nil
    let padding =
      !isOfTokens ? [] : inSource ? entry.paddingBefore.source : entry.paddingBefore.base
    return entry.grid.lengths(all).enumerated().map {
      Scale(
        length: $1, padding: padding.indices.contains($0) ? padding[$0] : 0, image: images?[$0])
    }
  }

  private func choice(
    _ lists: [JSONField], among scales: [Scale]
  ) throws(Refusal) -> UnitPlaces.Choice {
    var read: [[PlaceNumber]] = []
    for list in lists { read.append(try list.placeNumbers()) }
    let fixed = read.map { $0.compactMap(\.fixed) }
    if zip(fixed, read).allSatisfy({ $0.count == $1.count }),
      scales.allSatisfy({ $0.padding == 0 })
    {
      return fixed.count == 1 ? .same(fixed[0]) : .each(fixed)
    }
    var numbers: [[Int]] = []
    for (example, scale) in scales.enumerated() {
      let number = read.count == 1 ? 0 : min(example, read.count - 1)
      var own: [Int] = []
      for place in read[number] {
        guard case .patch(let patch, let field) = place else {
          own += try place.behind(scale.padding, at: lists[number]).numbers(of: scale.length)
          continue
        }
        // Of a source that is null nothing is read.
        if scale.length == 0 { continue }
        guard let image = scale.image else {
          throw field.refusal("a rectangle", expected: "numbers: the units are no pixels")
        }
        guard let pixels = patch.positions(in: image) else {
          throw field.refusal(
            "the rectangle \(patch.size.height) x \(patch.size.width) at (\(patch.y), \(patch.x))",
            expected: "one within the \(image.height) x \(image.width) pixels of example \(example)"
          )
        }
        own += pixels
      }
      numbers.append(own)
    }
    return .each(numbers)
  }
}
