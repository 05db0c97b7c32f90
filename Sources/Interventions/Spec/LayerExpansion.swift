internal import Inputs
internal import JobFiles
internal import Models

/// Representations of several layers, one for each: `"layer": "all"`, `-1`, `"0:12:2"` or a list of
/// these, in the order in which they are written. Lists that have an item for each representation as
/// written have it for each of its layers then.
struct LayerExpansion {
  /// The sites of the model, each with its layers.
  let sites: [(site: Site, layers: Range<Int>)]

  /// Whether a representation's layers are such as only a model tells, or several.
  static func isNeeded(in document: JSONField) throws(Refusal) -> Bool {
    for item in try items(of: document) where try isNeeded(item) { return true }
    return false
  }

  private static func isNeeded(_ field: JSONField) throws(Refusal) -> Bool {
    guard case .object = field.value, let layer = try field.optional("layer") else { return false }
    switch layer.value {
    case .number(let number): return (number.int ?? 0) < 0
    case .string, .array: return true
    default: return false
    }
  }

  /// The representations; one alone may stand without a list.
  static func items(of document: JSONField) throws(Refusal) -> [JSONField] {
    guard case .object = document.value, let field = try document.optional("representations") else {
      return []
    }
    guard case .array = field.value else { return [field] }
    return try field.items()
  }

  /// The same specification with one layer in each representation.
  func callAsFunction(_ document: JSONField) throws(Refusal) -> JSONField {
    let items = try Self.items(of: document)
    var (expanded, origins) = ([JSON](), [Int]())
    for (origin, item) in items.enumerated() {
      let own = try Self.isNeeded(item) ? each(item) : [item.value]
      expanded += own
      origins += own.map { _ in origin }
    }
    guard case .object(let object) = document.value else { return document }
    if expanded.count > items.count {
      for key in ["sorted_keys", "mode"] {
        guard let other = try document.optional(key) else { continue }
        if key == "mode", try other.string() == "parallel" { continue }
        throw other.refusal(
          "\(key) beside a representation of several layers",
          expected: "representations of one layer")
      }
    }
    var spread = Spread(written: items.count, origins: origins)
    for item in items {
      if case .object = item.value, try item.optional("group_key") != nil {
        spread.isGrouped = true
      }
    }
    var result = JSONObject()
    for (key, value) in object.members {
      let own: JSON =
        switch key {
        case "representations": .array(expanded)
        case "intervention_types": spread.list(value)
        case "train": spread.training(value)
        default: spread.call(key, value)
        }
      _ = result.insert(own, forKey: key)
    }
    return JSONField(
      .object(result), file: document.file, path: document.path, kind: document.kind)
  }

  /// The same specification with the layer 0 where only a model tells which are meant.
  static func withoutLayers(_ document: JSONField) throws(Refusal) -> JSONField {
    guard try isNeeded(in: document), case .object(let object) = document.value else {
      return document
    }
    var items: [JSON] = []
    for item in try Self.items(of: document) {
      guard try isNeeded(item), case .object(let own) = item.value else {
        items.append(item.value)
        continue
      }
      let zero = JSON.number(JSONNumber(text: "0"))
      items.append(
        .object(
          own.members.reduce(into: JSONObject()) {
            _ = $0.insert($1.key == "layer" ? zero : $1.value, forKey: $1.key)
          }))
    }
    let fields = object.members.reduce(into: JSONObject()) {
      _ = $0.insert($1.key == "representations" ? .array(items) : $1.value, forKey: $1.key)
    }
    return JSONField(
      .object(fields), file: document.file, path: document.path, kind: document.kind)
  }

  /// A description for each of its layers.
  private func each(_ field: JSONField) throws(Refusal) -> [JSON] {
    guard case .object(let object) = field.value else { return [field.value] }
    let layer = try field["layer"]
    let component = try field.optional("component")?.string() ?? "block_output"
    return try numbers(layer, of: component).map { number in
      var own = JSONObject()
      for (key, value) in object.members {
        var value = value
        if key == "layer" { value = .number(JSONNumber(text: "\(number)")) }
        if key == "component" { value = .string(LayerText.filled(component, number)) }
        _ = own.insert(value, forKey: key)
      }
      return .object(own)
    }
  }

  private func numbers(_ layer: JSONField, of component: String) throws(Refusal) -> [Int] {
    let known = try layers(of: component, layer)
    guard let last = known.max() else { return [0] }
    let items = if case .array = layer.value { try layer.items() } else { [layer] }
    var numbers: [Int] = []
    for item in items {
      for number in try resolved(item, count: last + 1) {
        guard known.contains(number) else {
          throw item.refusal(
            "layer \(number) of \(component)",
            expected: "one of \(known.sorted().map(String.init).joined(separator: ", "))")
        }
        guard !numbers.contains(number) else {
          throw item.refusal("layer \(number) twice", expected: "each layer once")
        }
        numbers.append(number)
      }
    }
    guard !numbers.isEmpty else { throw layer.refusal("no layers", expected: "one at least") }
    return numbers
  }

  private func resolved(_ item: JSONField, count: Int) throws(Refusal) -> [Int] {
    let selection: IndexSelection?
    switch item.value {
    case .number(let number): selection = number.int.map { .one($0) }
    case .string("all"): selection = .range(start: 0, end: nil, step: 1)
    case .string(let text): selection = IndexSelection(range: text)
    default: selection = nil
    }
    guard let selection, case .success(let numbers) = selection.resolve(count: count),
      !numbers.isEmpty
    else {
      throw item.refusal(
        item.value.kindName,
        expected:
          "\"all\", a layer from -\(count) to \(count - 1), a range such as \"0:\(count)\", "
          + "or a list of these")
    }
    return numbers
  }

  /// The layers that have a component; none where it is not known, which is refused by its name later.
  private func layers(of component: String, _ layer: JSONField) throws(Refusal) -> Set<Int> {
    var ranges = sites.filter { $0.site.rawValue == component }.map(\.layers)
    if component.contains(".") {
      guard component.contains(LayerText.mark) else {
        throw layer.refusal(
          "layers beside the module path \(quoted(component))",
          expected: "none, or a path with \(LayerText.mark) where the layer's number stands")
      }
      ranges = sites.map(\.layers)
    }
    return Set(ranges.joined())
  }
}

/// Lists with an item for each representation as written, which become lists with one for each layer.
private struct Spread {
  let written: Int
  /// The number of each representation's written one.
  let origins: [Int]
  /// Whether sources are those of groups.
  var isGrouped = false

  func list(_ value: JSON) -> JSON {
    guard case .array(let items) = value, items.count == written, written != origins.count,
      !items.allSatisfy({ if case .number = $0 { true } else { false } })
    else { return value }
    return .array(origins.map { items[$0] })
  }

  /// A field of a specification or of a batch.
  func call(_ key: String, _ value: JSON) -> JSON {
    switch key {
    case "source_representations": return list(value)
    case "subspaces": return value.isListOfNumbersOrNames ? value : list(value)
    case "sources":
      // One source is that of all.
      if case .array(let items) = value, items.count == 1 || isGrouped { return value }
      return list(value)
    case "unit_locations":
      guard case .object(let object) = value else { return value }
      var result = JSONObject()
      for (key, value) in object.members {
        // A list of places is that of all.
        var own = value.isListOfNumbersOrNames ? value : list(value)
        if key.contains("->"), case .array(let sides) = value, sides.count == 2 {
          own = .array(sides.map { $0.isListOfNumbersOrNames ? $0 : list($0) })
        }
        _ = result.insert(own, forKey: key)
      }
      return .object(result)
    default: return value
    }
  }

  func training(_ value: JSON) -> JSON {
    guard case .object(let object) = value else { return value }
    var result = JSONObject()
    for (key, value) in object.members {
      guard ["batches", "evaluate"].contains(key), case .array(let batches) = value else {
        _ = result.insert(value, forKey: key)
        continue
      }
      let own = batches.map { batch -> JSON in
        guard case .object(let fields) = batch else { return batch }
        return .object(
          fields.members.reduce(into: JSONObject()) {
            _ = $0.insert(call($1.key, $1.value), forKey: $1.key)
          })
      }
      _ = result.insert(.array(own), forKey: key)
    }
    return .object(result)
  }
}
