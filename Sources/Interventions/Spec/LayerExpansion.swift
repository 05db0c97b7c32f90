internal import Inputs
internal import JobFiles
internal import Models

/// Representations of several layers, one for each: `"layer": "all"`, which are those that have the
/// component, `-1`, `"0:12:2"` or a list of these, in the order in which they are written. Lists that
/// have an item for each representation as written have it for each of its layers then.
struct LayerExpansion {
  let model: any IntervenableModel<Float>

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

  /// The same specification with one layer in each representation, and where its parts were written.
  func callAsFunction(
    _ document: JSONField
  ) throws(Refusal) -> (document: JSONField, places: WrittenPlaces) {
    let items = try Self.items(of: document)
    var (expanded, origins, layers) = ([JSON](), [Int](), [Int?]())
    for (origin, item) in items.enumerated() {
      let own: [(JSON, layer: Int?)] =
        try Self.isNeeded(item) ? each(item).map { ($0, $1) } : [(item.value, nil)]
      expanded += own.map(\.0)
      origins += own.map { _ in origin }
      layers += own.map { own.count > 1 ? $0.layer : nil }
    }
    var places = WrittenPlaces(file: document.file)
    places.add("representations", origins.map { items[$0].path }, layers: layers)
    guard case .object(let object) = document.value else { return (document, places) }
    if expanded.count > items.count {
      for key in ["sorted_keys", "mode"] {
        guard let other = try document.optional(key) else { continue }
        if key == "mode", try other.string() == "parallel" { continue }
        throw other.refusal(
          "\(key) beside a representation of several layers",
          expected: "representations of one layer")
      }
    }
    var spread = LayerSpread(written: items.count, origins: origins, layers: layers, places: places)
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
        case "intervention_types": spread.list(value, at: key)
        case "train": spread.training(value, at: key)
        default: spread.call(key, value, at: key)
        }
      _ = result.insert(own, forKey: key)
    }
    let whole = JSONField(
      .object(result), file: document.file, path: document.path, kind: document.kind)
    return (whole, spread.places)
  }

  /// The same specification with the layer 0 where only a model tells which are meant, and without an
  /// order of keys, since those name layers.
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
      if $1.key == "sorted_keys" { return }
      _ = $0.insert($1.key == "representations" ? .array(items) : $1.value, forKey: $1.key)
    }
    return JSONField(
      .object(fields), file: document.file, path: document.path, kind: document.kind)
  }

  /// A description for each of its layers.
  private func each(_ field: JSONField) throws(Refusal) -> [(JSON, layer: Int)] {
    guard case .object(let object) = field.value else { return [] }
    let layer = try field["layer"]
    let component = try field.optional("component")?.string() ?? RepresentationSpec.usualComponent
    return try numbers(layer, of: component).map { number in
      var own = JSONObject()
      for (key, value) in object.members {
        var value = value
        if key == "layer" { value = .number(JSONNumber(text: "\(number)")) }
        if key == "component" { value = .string(LayerText.filled(component, number)) }
        _ = own.insert(value, forKey: key)
      }
      return (.object(own), number)
    }
  }

  /// The layers in which every representation can stand whose layer is `"all"`; what is no name of a
  /// component has them all.
  func layersOfAll(in document: JSONField) throws(Refusal) -> [Int] {
    var layers = Set(model.sites.map(\.layers).joined())
    for item in try Self.items(of: document) {
      guard case .object(let object) = item.value, case .string("all")? = object["layer"] else {
        continue
      }
      var component = RepresentationSpec.usualComponent
      switch object["component"] {
      case .string(let name): component = name
      case nil, .null: break
      default: continue
      }
      let own = try self.layers(of: component, item["layer"])
      if !own.isEmpty { layers.formIntersection(own) }
    }
    return layers.sorted()
  }

  private func numbers(_ layer: JSONField, of component: String) throws(Refusal) -> [Int] {
    let known = try layers(of: component, layer).sorted()
    guard let last = known.last else { return [0] }
    let items = if case .array = layer.value { try layer.items() } else { [layer] }
    var numbers: [Int] = []
    for item in items {
      let isAll = if case .string("all") = item.value { true } else { false }
      for number in try isAll ? known : resolved(item, count: last + 1) {
        guard known.contains(number) else {
          throw item.refusal(
            "layer \(number) of \(component)",
            expected: "one of \(known.map(String.init).joined(separator: ", ")), or \"all\" of them"
          )
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
    guard component.contains(".") else {
      return Set(model.sites.filter { $0.site.rawValue == component }.map(\.layers).joined())
    }
    guard component.contains(LayerText.mark) else {
      throw layer.refusal(
        "layers beside the module path \(quoted(component))",
        expected: "none, or a path with \(LayerText.mark) where the layer's number stands")
    }
    let all = Set(model.sites.map(\.layers).joined())
    let own = all.filter { model.site(atModulePath: LayerText.filled(component, $0)) != nil }
    return own.isEmpty ? all : own
  }
}
