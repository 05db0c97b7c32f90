internal import Inputs
internal import ResultsStore

/// What runs left: folders and stores.
extension PathInspection {
  /// A run's folder: its kind, how far it is, its stores, and the job.
  static func run(_ path: String) throws(Refusal) -> [String] {
    let folder = try RunFolder.open(path)
    return ["\(escaped(path)): run folder, digest \(folder.spec.digest)"]
      + Self.progress(ofRun: path) + Self.stores(ofRun: path)
      + folder.spec.toml.split(separator: "\n").map(String.init)
  }

  /// A store's arrays with their axes.
  static func store(_ path: String) throws(Refusal) -> [String] {
    let store = try ZarrStore.open(path)
    let arrays = Self.arrays(store.root, under: "")
    return ["\(escaped(path)): Zarr store, \(arrays.count) arrays"] + arrays
  }

  /// The arrays of a group and of those below it, with their dimensions, a line each.
  private static func arrays(_ group: ZarrGroup, under folder: String) -> [String] {
    group.arrays.sorted { $0.key < $1.key }.map { name, array in
      let axes = zip(array.dimensions, array.shape).map { "\(escaped($0)) \($1)" }
      return "  \(folder)\(escaped(name))  \(array.dataType.rawValue)  "
        + (axes.count == array.shape.count
          ? "[\(axes.joined(separator: ", "))]" : "\(array.shape)")
    }
      + group.groups.sorted { $0.key < $1.key }.flatMap {
        arrays($0.value, under: "\(folder)\(escaped($0.key))/")
      }
  }

  /// What kind of run it is, and how far it has come; a note where that cannot be told.
  private static func progress(ofRun path: String) -> [String] {
    do throws(Refusal) {
      let kind = try JobKind(ofRun: path)
      return ["  \(kind.rawValue): \(kind.experiment.summary)"]
        + (try kind.experiment.progress(path).lines(limit: 0)).prefix(2).map { "  " + $0 }
    } catch { return ["  note: \(error)"] }
  }

  /// The stores of a run's folder, which can be looked at by themselves.
  private static func stores(ofRun path: String) -> [String] {
    ["results.zarr", "activations.zarr"].compactMap { name in
      guard let store = try? ZarrStore.open("\(path)/\(name)") else { return nil }
      return "  \(name): \(arrays(store.root, under: "").count) arrays"
    }
  }
}
