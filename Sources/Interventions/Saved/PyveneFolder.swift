internal import Checkpoints
internal import Foundation
public import Inputs

/// A folder of interventions as pyvene saves them, as plain values.
///
/// `config.json` has the representations, and `intkey_KEY.bin` the state of each that has one.
/// Folders of pyvene 0.1.8 and of the older versions are read, whose keys were spelt otherwise;
/// pyvene 0.1.8 loads what is written. Types come from a fixed table, and nothing is run.
public struct PyveneFolder: Sendable, Equatable {
  /// How interventions with several sources follow one another.
  public enum Mode: String, Sendable, CaseIterable {
    case parallel, serial
  }

  /// The one file that every folder has.
  static let configName = "config.json"

  /// Whether a folder of interventions holds a file of that name, of its own or with the model's weights.
  static func holds(_ name: String) -> Bool {
    [configName, weightsName].contains(name) || name.hasPrefix(SavedKey.fileStart)
  }

  /// How the interventions run.
  public var mode: Mode
  /// The interventions as they were declared.
  public var representations: [SavedRepresentation]
  /// Numbers of representations in the order in which calls refer to them (`sorted_keys`).
  public var order: [Int]
  /// The class of the model that they were made for, where the folder says it.
  public var modelType: String?
  /// The version of transformers that wrote the folder, where the folder says it.
  public var transformersVersion: String?

  /// Interventions in the order in which they are declared.
  public init(mode: Mode = .parallel, _ representations: [SavedRepresentation]) {
    self.mode = mode
    self.representations = representations
    order = Array(representations.indices)
  }

  /// Reads a folder, with all tensors.
  public init(reading path: String) throws(Refusal) {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    try self.init(config: "\(folder)/\(Self.configName)")
    let spellings = SavedKey.allCases.map { $0.keys(of: representations) }
    for i in representations.indices {
      try readState(of: i, keys: spellings.map { $0[i] }, in: folder)
    }
  }

  /// Reads a `config.json` alone: what the interventions are, without their state.
  public init(config path: String) throws(Refusal) {
    let config = try JSONField.load(path, kind: .model, limit: 64 << 20)
    self.init([])
    mode = try Self.mode(config["mode"])
    modelType = try config.optional("model_type")?.string()
    transformersVersion = try config.optional("transformers_version")?.string()
    representations = try Self.representations(config)
    order = try Self.order(config.optional("sorted_keys"), of: representations)
  }

  private mutating func readState(
    of i: Int, keys: [String], in folder: String
  ) throws(Refusal) {
    let paths = Set(keys).map { "\(folder)/\(SavedKey.fileName($0))" }.sorted()
    let present = paths.filter(Self.isPresent)
    guard let path = present.first else {
      guard representations[i].needsState else { return }
      throw Refusal(
        .model, file: "\(folder)/\(SavedKey.fileName(keys[0]))",
        field: "representations[\(i)]", found: "no such file",
        expected: "the state of a \(representations[i].interventionType.rawValue)")
    }
    guard present.count == 1 else {
      throw Refusal(
        .model, file: present[1], found: "a second state beside \(present[0])",
        expected: "one of them; remove the one that is not meant")
    }
    representations[i].state = try SavedTensor.all(in: try PyTorchFile(path))
    _ = try SavedStateShape(representations[i], file: path, kind: .model)
  }

  private static func mode(_ field: JSONField) throws(Refusal) -> Mode {
    let text = try field.string()
    guard let mode = Mode(rawValue: text) else {
      throw field.refusal(quoted(text), expected: "parallel or serial")
    }
    return mode
  }

  /// The representations with what stands about them in the lists beside theirs.
  private static func representations(
    _ config: JSONField
  ) throws(Refusal) -> [SavedRepresentation] {
    let fields = try config["representations"].items()
    func list(_ name: String) throws(Refusal) -> [JSONField] {
      let field = try config[name]
      let items = try field.items()
      guard items.count == fields.count else {
        throw field.refusal(
          "\(items.count) items", expected: "\(fields.count), one a representation")
      }
      return items
    }
    let types = try list("intervention_types")
    let constants = try list("intervention_constant_sources")
    let dimensions = try list("intervention_dimensions")
    var result: [SavedRepresentation] = []
    for i in fields.indices {
      result.append(
        try SavedRepresentation(
          fields[i], type: try type(types[i]), isSourceConstant: try constants[i].bool(),
          interchangeDimensions: try interchange(dimensions[i])))
    }
    return result
  }

  private static func type(_ field: JSONField) throws(Refusal) -> SavedInterventionType {
    let text = try field.string()
    guard let type = SavedInterventionType(pythonName: text) else {
      let names = SavedInterventionType.allCases.map(\.pythonName)
      let near = nearest(to: text, among: names) ?? "a class of pyvene.models.interventions"
      throw field.refusal("the type \(quoted(text))", expected: near)
    }
    return type
  }

  private static func interchange(
    _ field: JSONField
  ) throws(Refusal) -> SavedRepresentation.Dimensions? {
    if field.isNull { return nil }
    if case .array = field.value { return .listed(try SavedRepresentation.integers(field)) }
    return .first(try field.int(in: 0...(1 << 30)))
  }

  /// The numbers of the representations that `sorted_keys` names, in any of the spellings.
  private static func order(
    _ field: JSONField?, of representations: [SavedRepresentation]
  ) throws(Refusal) -> [Int] {
    guard let field else { return Array(representations.indices) }
    var numbers: [String: Int] = [:]
    for spelling in SavedKey.allCases {
      for (i, key) in spelling.keys(of: representations).enumerated() { numbers[key] = i }
    }
    var order: [Int] = []
    var seen: Set<Int> = []
    for item in try field.items() {
      let key = try item.string()
      guard let number = numbers[key] else {
        let near = nearest(to: key, among: numbers.keys.sorted()).map { ", such as \($0)" } ?? ""
        throw item.refusal(
          "the key \(quoted(key))", expected: "the key of a representation\(near)")
      }
      guard seen.insert(number).inserted else {
        throw item.refusal("the key \(quoted(key)) again", expected: "each key once")
      }
      order.append(number)
    }
    guard order.count == representations.count else {
      throw field.refusal("\(order.count) keys", expected: "\(representations.count)")
    }
    return order
  }

  /// Whether there is anything of that name, be it a broken link.
  private static func isPresent(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
