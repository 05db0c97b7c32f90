package import Inputs

/// Where an intervention acts in each example: `3`, `-1`, a name such as `"last"` or one that the
/// data gives, or a list of these, whose positions are all changed.
package struct PlaceSelection: Sendable, Equatable {
  private enum Part: Sendable, Equatable {
    /// Negative from the end.
    case index(Int)
    case name(String)
  }

  private let parts: [Part]
  private let isList: Bool
  private let place: JobPlace

  private static let limit = 1 << 24

  package init(_ field: JobField) throws(Refusal) {
    place = field.place
    guard case .list = field.value.content else {
      (parts, isList) = ([try Self.part(field)], false)
      return
    }
    var parts: [Part] = []
    for item in try field.items() { parts.append(try Self.part(item)) }
    guard !parts.isEmpty else { throw field.place.refusal("no place", expected: "a place") }
    (self.parts, isList) = (parts, true)
  }

  private init(_ part: Part, at place: JobPlace) {
    (parts, isList, self.place) = ([part], false, place)
  }

  /// The last position.
  package static func last(at place: JobPlace) -> PlaceSelection {
    PlaceSelection(.name("last"), at: place)
  }

  private static func part(_ field: JobField) throws(Refusal) -> Part {
    if case .integer = field.value.content { return .index(try field.int(in: -limit...limit)) }
    guard case .string(let text) = field.value.content, !text.isEmpty, text.utf8.count <= 100 else {
      throw field.refusal(expected: "a position such as 3 or -1, or the name of a place")
    }
    return .name(text)
  }

  /// What figures and files call it.
  package var label: String {
    parts.map {
      switch $0 {
      case .index(let index): "\(index)"
      case .name(let name): name
      }
    }.joined(separator: "+")
  }

  /// The positions in one run, each once, in rising order.
  ///
  /// - Parameters:
  ///   - names: The places that the data names in it.
  ///   - example: Where the run stands in the data.
  package func resolve(
    length: Int, names: [String: [Int]], example: JobPlace
  ) throws(Refusal) -> [Int] {
    var positions: Set<Int> = []
    for part in parts {
      switch part {
      case .index(let index):
        let position = index < 0 ? length + index : index
        guard (0..<length).contains(position) else {
          throw example.refusal(
            "position \(index) (\(place.field))",
            expected: "positions from 0 to \(length - 1), or -\(length) to -1 from the end, "
              + "of an input of \(length) positions")
        }
        positions.insert(position)
      case .name(let name):
        guard let found = names[name] ?? (name == "last" ? [length - 1] : nil) else {
          let known = names.keys.sorted() + ["last"]
          let near = nearest(to: name, among: known).map { " (did you mean \($0)?)" } ?? ""
          throw example.refusal(
            "no place \(quoted(name)) (\(place.field))",
            expected: "one of \(known.prefix(20).map(escaped).joined(separator: ", "))\(near)")
        }
        if let outside = found.first(where: { !(0..<length).contains($0) }) {
          throw example.refusal(
            "the place \(quoted(name)) at position \(outside)",
            expected: "positions from 0 to \(length - 1), of an input of \(length) positions")
        }
        positions.formUnion(found)
      }
    }
    return positions.sorted()
  }

  package var canonical: JobValue {
    let items = parts.map { part -> JobValue in
      switch part {
      case .index(let index): .int(index)
      case .name(let name): .text(name)
      }
    }
    return isList ? .items(items) : items[0]
  }

  package static func == (a: PlaceSelection, b: PlaceSelection) -> Bool {
    a.parts == b.parts && a.isList == b.isList
  }
}
