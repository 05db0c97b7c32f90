internal import Checkpoints
internal import Foundation
internal import Inputs
internal import Tensors

/// A folder of interventions in a specification's own words, for those that a folder of the reference
/// cannot hold, such as formulas.
///
/// `interventions.json` has `mode`, `representations` and `sorted_keys` as a specification says them;
/// the tensors that they name are `in.NAME` in `interventions.safetensors` beside it.
struct InterventionFolder {
  static let descriptions = "interventions.json"
  static let tensors = "interventions.safetensors"

  /// In the order of their keys.
  let representations: [RepresentationSpec]
  let mode: InterventionSetup<Float>.Mode
  let tensors: SpecTensors

  /// Whether a folder of this form holds a file of that name.
  static func holds(_ name: String) -> Bool { [descriptions, tensors].contains(name) }

  /// Whether a folder is one of these.
  static func isOne(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(descriptions)")
  }

  init(reading folder: String) throws(Refusal) {
    let document = try JSONField.load(
      "\(folder)/\(Self.descriptions)", kind: .model, limit: 64 << 20)
    try document.refuseUnknownKeys(known: ["mode", "representations", "sorted_keys"])
    mode = try document["mode"].choice()
    var specs: [RepresentationSpec] = []
    for item in try document["representations"].items() {
      specs.append(try RepresentationSpec(item, usual: nil))
    }
    representations = try InterventionSpec.sorted(
      RepresentationSpec.keyed(specs), by: document["sorted_keys"])
    tensors = try SpecTensors("\(folder)/\(Self.tensors)")
  }

  /// Writes descriptions and tensors; the descriptions come last, so that a folder that has them is
  /// complete. The same values give the same bytes.
  static func write(
    _ descriptions: PythonJSON, _ tensors: SafetensorsWriter, to folder: String
  ) throws(Refusal) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Refusal(
        .store, file: folder, found: escaped("\(error)"), expected: "to create the folder")
    }
    try tensors.write(to: "\(folder)/\(Self.tensors)")
    var file = try AtomicFile("\(folder)/\(Self.descriptions)")
    try file.write(Array((descriptions.text() + "\n").utf8))
    try file.commit()
  }
}

extension SpecSetup {
  /// Whether a folder of the reference can hold the interventions.
  private var isKnownToReference: Bool {
    representations.allSatisfy {
      SavedInterventionType(rawValue: $0.type.rawValue) != nil && $0.arguments?.keepsError != true
        && ($0.type != .noise || $0.arguments?.saysNoise != true)
    }
  }

  /// Refuses interventions that cannot be saved in a folder, before any work.
  func checkSavable(_ folder: String) throws(Refusal) {
    if isKnownToReference { _ = try self.folder() }
    let other =
      isKnownToReference ? InterventionFolder.descriptions : PyveneFolder.configName
    if FileManager.default.fileExists(atPath: "\(folder)/\(other)") {
      throw Refusal(
        .store, file: "\(folder)/\(other)", found: "interventions of another form",
        expected: "a folder without them")
    }
  }

  /// Writes the interventions: as a folder of the reference, or where that has no words for them, as one
  /// of our own.
  func save(to folder: String) throws(Refusal) {
    try checkSavable(folder)
    try makeFolder(above: folder)
    if isKnownToReference { return try self.folder().write(to: folder) }
    var writer = SafetensorsWriter()
    var items: [(number: Int, text: PythonJSON)] = []
    for (index, spec) in representations.enumerated() {
      let number = spec.key.split(separator: "#").last.flatMap { Int($0) } ?? 0
      items.append((number, try description(of: index, &writer)))
    }
    // Of equal keys the first declared is the one that is numbered first.
    items = items.enumerated().sorted {
      ($0.element.number, $0.offset) < ($1.element.number, $1.offset)
    }.map(\.element)
    try InterventionFolder.write(
      .object([
        "mode": .string(setup.mode.rawValue), "representations": .array(items.map(\.text)),
        "sorted_keys": .array(representations.map { .string($0.key) }),
      ]), writer, to: folder)
  }

  /// A representation as a specification says it, with the numbers that it has now.
  private func description(
    of index: Int, _ writer: inout SafetensorsWriter
  ) throws(Refusal) -> PythonJSON {
    let (spec, intervention) = (representations[index], setup.intervention(of: index))
    func add(_ name: String, _ value: Tensor<Float>) -> PythonJSON {
      writer.add("in.\(index).\(name)", shape: value.shape, value.elements)
      return .string("\(index).\(name)")
    }
    var members: [(key: String, value: PythonJSON)] = [
      ("layer", .integer(spec.layer)), ("component", .string(spec.component)),
      ("intervention_type", .string(spec.type.rawValue)),
    ]
    let told = [
      "layer", "component", "intervention_type", "args", "params", "source_representation",
    ]
    for (key, value) in try spec.field.members() where !told.contains(key) && !value.isNull {
      members.append((key, PythonJSON(value.value)))
    }
    // The first of a link has the numbers of all.
    let isShared = setup.entries[..<index].contains {
      $0.intervention == setup.entries[index].intervention
    }
    guard !isShared else { return .members(members) }
    if spec.constantSource != nil, let source = given[index]?.value {
      members.append(("source_representation", add("source", source)))
    }
    var parameters: [(key: String, value: PythonJSON)] = []
    for entry in intervention.parameters.entries {
      parameters.append((entry.name, add(entry.name, entry.value)))
    }
    if !parameters.isEmpty { members.append(("params", .members(parameters))) }
    var arguments: [(key: String, value: PythonJSON)] = []
    for (name, field) in try spec.field.optional("args")?.members() ?? [] where !field.isNull {
      switch name {
      case "tensor", "noise":
        if let value = given[index]?.value { arguments.append((name, add(name, value))) }
      // What they say has become parameters.
      case "components", "mean", "std": continue
      case "constants":
        let constants = (intervention as? Expression<Float>)?.constants ?? [:]
        var own: [(key: String, value: PythonJSON)] = []
        for (name, field) in spec.arguments?.constants ?? [] {
          if field.isNumber {
            own.append((name, PythonJSON(field.value)))
          } else if let value = constants[name] {
            own.append((name, add("constant.\(name)", value)))
          }
        }
        arguments.append((name, .members(own)))
      case "trained":
        var own: [(key: String, value: PythonJSON)] = []
        for (name, fields) in spec.arguments?.trained ?? [] {
          own.append(
            (name, .members(fields.isOrthogonal ? [("orthogonal", .bool(true))] : [])))
        }
        arguments.append((name, .members(own)))
      default: arguments.append((name, PythonJSON(field.value)))
      }
    }
    if !arguments.isEmpty { members.append(("args", .members(arguments))) }
    return .members(members)
  }
}
