internal import Checkpoints
internal import Foundation
public import Inputs

extension PyveneFolder {
  /// Writes the folder, which pyvene 0.1.8 loads with `IntervenableModel.load`.
  ///
  /// The folder is made if it is not there. Files of the same names are replaced, each whole;
  /// `config.json` comes last, so that a folder with a new one is complete. The same values give
  /// the same bytes.
  ///
  /// - Throws: `store` where the state does not fit the types or the folder holds the states of
  ///   other interventions, and where it cannot be written; `resources` on a full disk.
  public func write(to path: String) throws(Refusal) {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    let keys = SavedKey.underscores.keys(of: representations)
    precondition(
      order.sorted() == Array(representations.indices),
      "the order \(order) of \(representations.count) representations")
    var states: [String: [String: SavedTensor]] = [:]
    for (key, representation) in zip(keys, representations) {
      let name = SavedKey.fileName(key)
      guard SavedRepresentation.isPlain(representation.component),
        SavedRepresentation.isPlain(representation.unit)
      else {
        throw Refusal(
          .store, file: folder, field: key, found: "a name that cannot be a file's",
          expected: "letters, digits and the signs _ . [ ] -")
      }
      guard representation.needsState || !representation.state.isEmpty else { continue }
      let shape = try SavedStateShape(representation, file: "\(folder)/\(name)", kind: .store)
      states[name] = shape.completed(representation)
    }
    try Self.prepare(folder, for: Set(states.keys))
    for (name, state) in states.sorted(by: { $0.key < $1.key }) {
      var writer = PyTorchWriter()
      for (name, tensor) in state.sorted(by: { $0.key < $1.key }) {
        switch tensor.values {
        case .floats(let values): writer.add(name, shape: tensor.shape, values)
        case .integers(let values): writer.add(name, shape: tensor.shape, values)
        }
      }
      try writer.write(to: "\(folder)/\(name)")
    }
    var output = try AtomicFile("\(folder)/\(Self.configName)")
    try output.write(Array((config(keys: keys).text() + "\n").utf8))
    try output.commit()
  }

  private func config(keys: [String]) -> PythonJSON {
    var members: [String: PythonJSON] = [
      "intervention_constant_sources": .array(representations.map { .bool($0.isSourceConstant) }),
      "intervention_dimensions": .array(
        representations.map {
          switch $0.interchangeDimensions {
          case nil: .null
          case .first(let count): .integer(count)
          case .listed(let list): .array(list.map { .integer($0) })
          }
        }),
      "intervention_types": .array(
        representations.map { .string($0.interventionType.pythonName) }),
      "mode": .string(mode.rawValue), "representations": .array(representations.map(\.config)),
      "sorted_keys": .array(order.map { .string(keys[$0]) }),
    ]
    members["model_type"] = modelType.map { .string($0) }
    members["transformers_version"] = transformersVersion.map { .string($0) }
    return .object(members)
  }

  /// Makes the folder, and refuses one with states that pyvene would not expect there.
  private static func prepare(_ folder: String, for names: Set<String>) throws(Refusal) {
    guard mkdir(folder, 0o777) != 0 else { return }
    guard errno == EEXIST else {
      throw Refusal(.store, file: folder, found: systemMessage(), expected: "to create the folder")
    }
    let entries: [String]
    do {
      entries = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw Refusal(.store, file: folder, found: "what cannot be listed", expected: "a folder")
    }
    for name in entries.sorted() where name.hasPrefix(SavedKey.fileStart) && name.hasSuffix(".bin")
    {
      guard names.contains(name) else {
        throw Refusal(
          .store, file: "\(folder)/\(name)", found: "the state of another intervention",
          expected: "a folder without it")
      }
    }
  }
}
