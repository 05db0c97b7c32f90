package import Inputs

/// Numbers along an axis of a model, such as the layers of a sweep: `"all"`, `3`, `-1`, `[0, 2, -1]`,
/// `"0:12"`, `"0:12:2"` or a list of these.
package struct Selection: Sendable {
  /// What is counted.
  package enum Axis: String, Sendable {
    case layer, head, neuron

    var plural: String { rawValue + "s" }
  }

  private let parts: [IndexSelection]
  private let axis: Axis
  private let place: JobPlace

  private static let all = IndexSelection.range(start: 0, end: nil, step: 1)

  fileprivate static func words(_ axis: Axis) -> String {
    "\"all\", a \(axis) such as 3 or -1 (without quotation marks), a range such as \"0:12\", or a list"
  }

  package init(_ field: JobField, of axis: Axis) throws(Refusal) {
    (place, self.axis) = (field.place, axis)
    if case .string("all") = field.value.content {
      parts = [Self.all]
      return
    }
    parts = try field.parts(
      nothing: "no \(axis.plural), so no units", once: "each \(axis) once", Self.words(axis)
    ) { (item) throws(Refusal) in
      guard let part = try IndexSelection(item) else {
        throw item.refusal(expected: Self.words(axis))
      }
      return part
    }
  }

  /// The numbers in rising order.
  ///
  /// - Parameters:
  ///   - count: How many there are.
  ///   - model: What has them, for the refusal of one that it does not have.
  package func resolve(count: Int, of model: String) throws(Refusal) -> [Int] {
    var numbers: Set<Int> = []
    let expected =
      "\(axis.plural) from 0 to \(count - 1), or -\(count) to -1 from the end, since "
      + "\(escaped(model)) has \(count)"
    for part in parts {
      switch part.resolve(count: count) {
      case .success(let found):
        guard !found.isEmpty else {
          throw place.refusal("\(part.text), which is no \(axis)", expected: expected)
        }
        for number in found where !numbers.insert(number).inserted {
          throw place.refusal(
            "\(axis) \(number) of \(escaped(model)) twice", expected: "each \(axis) once")
        }
      case .failure(let fault):
        let found =
          if case .one = part { "\(axis) \(fault.index)" } else { "\(axis.plural) \(part.text)" }
        throw place.refusal(found, expected: expected)
      }
    }
    return numbers.sorted()
  }

  fileprivate init(everyOf axis: Axis) {
    (parts, self.axis, place) = ([Self.all], axis, JobPlace(file: ""))
  }

  package var canonical: JobValue {
    parts == [Self.all] ? .text("all") : .items(parts.map(\.canonical))
  }
}

extension FieldType where Value == Selection {
  package static func selection(of axis: Selection.Axis) -> FieldType {
    FieldType(
      Selection.words(axis), placeholder: Selection(everyOf: axis), canonical: \.canonical
    ) { (field, _) throws(Refusal) in try Selection(field, of: axis) }
  }
}

extension IndexSelection {
  /// A number or a range of a job; nil where the field is neither.
  package init?(_ field: JobField) throws(Refusal) {
    switch field.value.content {
    case .integer: self = .one(try field.int(in: -Self.limit...Self.limit))
    case .string(let text):
      guard let range = IndexSelection(range: text) else { return nil }
      guard !range.isEmptyOnEveryAxis else {
        throw field.refusal(expected: "a range that ends after it starts")
      }
      self = range
    default: return nil
    }
  }
}

extension JobField {
  /// A value, or the list of several, none of them twice.
  package func parts<Part: Equatable>(
    nothing: String, once: String, _ expected: String,
    _ read: (JobField) throws(Refusal) -> Part
  ) throws(Refusal) -> [Part] {
    guard case .list = value.content else { return [try read(self)] }
    var parts: [Part] = []
    for item in try items() {
      let part = try read(item)
      guard !parts.contains(part) else {
        throw item.place.refusal("\(item.value.kindName) a second time", expected: once)
      }
      parts.append(part)
    }
    guard !parts.isEmpty else { throw place.refusal(nothing, expected: expected) }
    return parts
  }
}
