internal import Inputs
internal import JobFiles

/// An axis of a grid of specifications: a field, and the values that it takes.
struct GridAxis: Sendable {
  let name: String
  /// Fields that take each value together.
  let fields: [FieldPath]
  let values: Values
  /// What the values are called in results; nil: as they are written.
  let labels: [String]?
  let place: JobPlace
  private let written: JobValue

  enum Values: Sendable {
    case listed([JobValue])
    /// Layers of the model, or numbers.
    case numbers(IndexSelection)
    /// The layers that have what is on the axis.
    case all

    static let words =
      "a list of values, \"all\" layers, or a range such as \"0:12\""
  }

  /// `"representations.layer" = "0:12"`, or a table with the fields, the values and their labels.
  init(_ key: String, _ field: JobField) throws(Refusal) {
    guard case .table = field.value.content else {
      let path = try Self.path(key, at: field.place)
      let name = path.root == "unit_locations" ? "position" : path.leaf
      try self.init(name, [path], values: field, labels: nil, at: field.place)
      return
    }
    try self.init(named: key, field.anyTable())
  }

  /// An axis of a list, with its name.
  init(_ field: JobField) throws(Refusal) {
    let table = try field.anyTable()
    try self.init(named: table.required("name", expected: "the axis' name").string(), table)
  }

  private init(named name: String, _ table: JobSection) throws(Refusal) {
    for (other, _) in table.table.members
    where !["name", "fields", "values", "labels"].contains(other) {
      throw table.place(of: other).refusal(
        "an unknown field \(quoted(other))", expected: "one of fields, labels, values")
    }
    guard JobPlace.isBare(name) else {
      throw table.place.refusal(
        quoted(name), expected: "a name of letters, digits, _ and - for an axis with fields")
    }
    var fields: [FieldPath] = []
    for item in try table.required("fields", expected: "a list of paths of fields").items() {
      fields.append(try Self.path(item.string(), at: item.place))
    }
    guard !fields.isEmpty else {
      throw table.place(of: "fields").refusal("no fields", expected: "one at least")
    }
    try self.init(
      name, fields, values: table.required("values", expected: Values.words),
      labels: table.optional("labels"), at: table.place)
  }

  private init(
    _ name: String, _ fields: [FieldPath], values given: JobField, labels: JobField?,
    at place: JobPlace
  ) throws(Refusal) {
    let values = try Self.values(given)
    (self.name, self.fields, self.place) = (name, fields, place)
    (self.values, written) = (values, given.value)
    self.labels = try labels.map { (field) throws(Refusal) in
      var labels: [String] = []
      for item in try field.items() { labels.append(try item.string()) }
      guard case .listed(let values) = values else {
        throw field.place.refusal("labels of a range", expected: "none: it labels itself")
      }
      guard labels.count == values.count else {
        throw field.place.refusal(
          "\(labels.count) labels", expected: "\(values.count), one for each value")
      }
      return labels
    }
  }

  /// As an item of a list, which keeps the order of axes.
  var canonical: JobValue {
    .fields([
      "name": .text(name), "fields": .items(fields.map { .text($0.text) }), "values": written,
      "labels": labels.map { .items($0.map { .text($0) }) },
    ])
  }

  private static func path(_ text: String, at place: JobPlace) throws(Refusal) -> FieldPath {
    guard let path = FieldPath(text, where: { !$0.isEmpty }), !path.leaf.isEmpty else {
      throw place.refusal(
        quoted(text), expected: "the path of a field, such as representations[0].layer")
    }
    return path
  }

  private static func values(_ field: JobField) throws(Refusal) -> Values {
    switch field.value.content {
    case .list(let items):
      guard !items.isEmpty else { throw field.refusal(expected: Values.words) }
      return .listed(items)
    case .string("all"): return .all
    case .string:
      guard let range = try IndexSelection(field) else {
        throw field.refusal(expected: Values.words)
      }
      return .numbers(range)
    default: throw field.refusal(expected: Values.words)
    }
  }

  /// What the field takes, one after another.
  ///
  /// - Parameters:
  ///   - layers: How many layers the model has; nil where it is of none.
  ///   - own: Those of them that have what is on the axis.
  func resolved(layers: Int?, own: () throws(Refusal) -> [Int]) throws(Refusal) -> [JobValue] {
    let isOfLayers = fields.allSatisfy { $0.leaf == "layer" }
    switch values {
    case .listed(let items): return items
    case .all:
      let own = isOfLayers ? try own() : []
      guard !own.isEmpty else {
        throw place.refusal(
          "\"all\"",
          expected: isOfLayers
            ? "a list: no layer has all that is on the axis"
            : "a list of values: only layers are counted from a model")
      }
      return own.map { .int($0) }
    case .numbers(let range):
      guard let count = isOfLayers ? layers : range.ownEnd else {
        throw place.refusal(
          range.text,
          expected: isOfLayers
            ? "a list: the model's layers are not counted so"
            : "a range with both ends, such as \"0:12\": only layers are counted from a model")
      }
      guard count <= GridCells.limit else {
        throw place.refusal(range.text, expected: "at most \(GridCells.limit) cells (the limit)")
      }
      guard case .success(let numbers) = range.resolve(count: count), !numbers.isEmpty else {
        throw place.refusal(range.text, expected: "numbers from 0 to \(count - 1)")
      }
      return numbers.map { .int($0) }
    }
  }
}

extension IndexSelection {
  /// The end of a range that has one, and counts from the start; nil of others.
  fileprivate var ownEnd: Int? {
    guard case .range(let start, let end?, _) = self, start >= 0, end > start else { return nil }
    return end
  }
}

extension FieldType where Value == [GridAxis] {
  /// `[grid]`, each of whose fields is an axis, or `[[grid]]`, a list of axes.
  static var grid: FieldType {
    FieldType(
      "a table whose fields are paths, such as \"representations.layer\" = \"all\", or a list of axes",
      placeholder: [], canonical: { .items($0.map(\.canonical)) }
    ) { (field, _) throws(Refusal) in
      var axes: [GridAxis] = []
      func add(_ axis: GridAxis) throws(Refusal) {
        for field in axis.fields {
          let others = axes.flatMap(\.fields) + axis.fields.filter { $0 != field }
          if let other = others.first(where: field.overlaps) {
            throw axis.place.refusal(
              "the field \(quoted(field.text)) beside \(quoted(other.text))",
              expected: "a field on one axis: the later value would take the other's place")
          }
        }
        guard !axes.contains(where: { $0.name == axis.name }) else {
          throw axis.place.refusal(
            "a second axis \(quoted(axis.name))",
            expected: "[grid.NAME] with fields and values, under another name")
        }
        axes.append(axis)
      }
      if case .list = field.value.content {
        for item in try field.items() { try add(GridAxis(item)) }
      } else {
        let table = try field.anyTable()
        for key in table.table.keys {
          if let own = table.optional(key) { try add(GridAxis(key, own)) }
        }
      }
      guard (1...8).contains(axes.count) else {
        throw field.place.refusal("\(axes.count) axes", expected: "1 to 8")
      }
      return axes
    }
  }
}
