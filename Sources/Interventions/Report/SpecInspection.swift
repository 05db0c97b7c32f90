package import Inputs
internal import JobFiles

/// What a specification says by itself, without its model: for who wonders what a file holds.
package enum SpecInspection {
  /// A heading, then interventions and inputs, a line each.
  package static func lines(_ document: JSONField) throws(Refusal) -> [String] {
    // By the path of the representation, since sorted_keys takes them in another order.
    var written: [String: String] = [:]
    for item in try LayerExpansion.items(of: document) {
      guard case .object = item.value, let layer = try item.optional("layer") else { continue }
      written[item.path] = JobText.inline(JobValue(json: layer.value))
    }
    let spec = try InterventionSpec(LayerExpansion.withoutLayers(document))
    let count = spec.representations.count
    var lines = [
      "\(escaped(document.file)): specification, \(spec.kind.rawValue), of the model "
        + "\(quoted(spec.model.written)), \(count) intervention\(count == 1 ? "" : "s")"
        + (count > 1 ? ", \(spec.mode.rawValue)" : "")
    ]
    for (number, one) in spec.representations.enumerated() {
      lines.append(line(one, number, layer: written[one.field.path]))
    }
    if let origin = spec.origin {
      lines.append("  interventions of \(quoted(origin.path.written))")
    }
    if let base = try document.optional("base") { lines.append("  base  \(try inputs(base))") }
    if let sources = try document.optional("sources") {
      guard case .array = sources.value else { return lines + ["  source  \(try inputs(sources))"] }
      for (number, source) in try sources.items().enumerated() {
        lines.append("  source \(number)  " + (source.isNull ? "none" : try inputs(source)))
      }
    }
    if let train = try document.optional("train") {
      let batches = try train["batches"].items().count
      lines.append(
        "  training  \(try train["steps"].int()) steps, \(batches) batch\(batches == 1 ? "" : "es")"
      )
    }
    if let generate = try document.optional("generate"),
      let new = try generate.optional("max_new_tokens")
    {
      lines.append("  generation  \(try new.int()) new tokens")
    }
    return lines
  }

  /// The lines of a folder of our own; nil where it is none.
  package static func lines(ofFolder path: String) throws(Refusal) -> [String]? {
    guard InterventionFolder.isOne(path) else { return nil }
    let folder = try InterventionFolder(reading: path)
    let count = folder.representations.count
    return [
      "\(escaped(path)): \(count) saved intervention\(count == 1 ? "" : "s"), \(folder.mode.rawValue)"
    ] + folder.representations.enumerated().map { line($1, $0, layer: nil) }
  }

  private static func line(_ one: RepresentationSpec, _ number: Int, layer: String?) -> String {
    let isPath = one.component.contains(".")
    return "  \(number)  \(one.type.rawValue)  \(escaped(one.component))"
      + (isPath ? "" : " of layer \(layer ?? "\(one.layer)")")
      + "  \(one.unit.rawValue)" + (one.maxUnits > 1 ? " x \(one.maxUnits)" : "")
  }

  /// The names of inputs, with how many examples stand there, or the first words.
  private static func inputs(_ field: JSONField) throws(Refusal) -> String {
    var parts: [String] = []
    for (key, value) in try field.members() where !value.isNull {
      switch value.value {
      case .string(let name): parts.append("\(key) of the tensor \(quoted(name))")
      case .array(let items):
        var first = ""
        if key == "prompts", case .string(let text)? = items.first { first = ", \(quoted(text))" }
        parts.append(
          "\(items.count) \(key)\(first)\(items.count > 1 && !first.isEmpty ? ", ..." : "")")
      default: parts.append(key)
      }
    }
    return parts.joined(separator: ", ")
  }
}
