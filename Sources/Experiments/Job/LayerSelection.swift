package import Inputs

/// Which layers a sweep visits: `"all"`, `3`, `-1`, `[0, 2, -1]`, `"0:12"`, `"0:12:2"` or a list of these.
package struct LayerSelection: Sendable {
  private let parts: [IndexSelection]
  private let place: JobPlace

  private static let expected =
    "\"all\", a layer such as 3 or -1 (without quotation marks), a range such as \"0:12\", or a list"

  package init(_ field: JobField) throws(Refusal) {
    place = field.place
    if case .string("all") = field.value.content {
      parts = [Self.all]
      return
    }
    guard case .list(let list) = field.value.content else {
      parts = [try Self.part(field)]
      return
    }
    guard !list.isEmpty else {
      throw field.place.refusal("no layers, so no units", expected: Self.expected)
    }
    var parts: [IndexSelection] = []
    for item in try field.items() {
      let part = try Self.part(item)
      guard !parts.contains(part) else {
        throw item.place.refusal("\(part.text) a second time", expected: "each layer once")
      }
      parts.append(part)
    }
    self.parts = parts
  }

  private static let all = IndexSelection.range(start: 0, end: nil, step: 1)

  private static func part(_ field: JobField) throws(Refusal) -> IndexSelection {
    switch field.value.content {
    case .integer:
      let limit = IndexSelection.limit
      return .one(try field.int(in: -limit...limit))
    case .string(let text):
      guard let range = IndexSelection(range: text) else { throw field.refusal(expected: expected) }
      guard !range.isEmptyOnEveryAxis else {
        throw field.refusal(expected: "a range that ends after it starts")
      }
      return range
    default: throw field.refusal(expected: expected)
    }
  }

  /// The layers of a model, in rising order.
  ///
  /// - Parameter model: The model's name, for the refusal of a layer that it does not have.
  package func resolve(layerCount: Int, model: String) throws(Refusal) -> [Int] {
    var layers: Set<Int> = []
    for part in parts {
      switch part.resolve(count: layerCount) {
      case .success(let found):
        guard !found.isEmpty else {
          throw place.refusal(
            "\(part.text), which is no layer", expected: range(layerCount, model))
        }
        for layer in found where !layers.insert(layer).inserted {
          throw place.refusal(
            "layer \(layer) of \(escaped(model)) twice", expected: "each layer once")
        }
      case .failure(let fault):
        let found = if case .one = part { "layer \(fault.index)" } else { "layers \(part.text)" }
        throw place.refusal(found, expected: range(layerCount, model))
      }
    }
    return layers.sorted()
  }

  private func range(_ count: Int, _ model: String) -> String {
    "layers from 0 to \(count - 1), or -\(count) to -1 from the end, since \(escaped(model)) has \(count)"
  }

  package static func every(at place: JobPlace) -> LayerSelection {
    LayerSelection(parts: [all], place: place)
  }

  private init(parts: [IndexSelection], place: JobPlace) {
    self.parts = parts
    self.place = place
  }

  package var canonical: JobValue {
    parts == [Self.all] ? .text("all") : .items(parts.map(\.canonical))
  }
}
