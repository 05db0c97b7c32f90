internal import Foundation
internal import Inputs
internal import JobFiles
internal import ResultsStore

/// The folder of a run opened for reading, also while it is written. Needs no model.
struct RunReader<Layout: Table>: Sendable {
  let folder: RunFolder
  let table: Layout
  /// SHA-256 of what the numbers come from, by name.
  let inputs: JobTable
  /// Nil where the run has only begun.
  let store: ZarrStore?

  /// - Parameter pathsFrom: Where the job's paths start from, if its files have moved.
  init<K: Kind>(
    _ kind: K.Type, _ folder: RunFolder, pathsFrom: String? = nil
  ) throws(Refusal) where K.Layout == Layout {
    self.folder = folder
    let start = if let pathsFrom { pathsFrom } else { try folder.pathsFrom() }
    let (document, inputs) = try JobDocument.ofRun(
      folder.spec.json, file: folder.path + "/spec.json", folder: start)
    self.inputs = inputs
    let spec = try K.Layout.Spec(document)
    let outline: Layout.Outline
    do {
      outline = try JSONDecoder().decode(
        Layout.Outline.self, from: Data(folder.spec.outline.utf8))
    } catch {
      throw Refusal(
        .store, file: folder.path + "/outline.json", found: "a content that cannot be read",
        expected: "the outline of a run of this version")
    }
    do throws(Refusal) {
      table = try Layout(spec, outline)
    } catch { throw error.inFile(folder.path + "/outline.json") }
    let root = folder.results + "/zarr.json"
    guard FileManager.default.fileExists(atPath: root) else {
      guard try JournalReader.files(in: folder.journal).isEmpty else {
        throw Refusal(
          .store, file: root, found: "nothing",
          expected: "the arrays of the units in the journals; the same command writes them again")
      }
      store = nil
      return
    }
    let store = try ZarrStore.open(folder.results)
    guard try RunStore.root(table, spec: folder.spec.json) == store.root else {
      throw Refusal(
        .store, file: root, found: "other arrays than the job's",
        expected: "the arrays that spec.json and outline.json call for")
    }
    self.store = store
  }
}

extension RunFolder {
  /// Where the job's paths start from.
  func pathsFrom() throws(Refusal) -> String {
    try checkedProvenance().optional("paths_from")?.string() ?? path
  }
}

/// A run as figures and tables see it: all that its journals hold, also while it goes on.
struct RunView<Layout: Table>: Sendable {
  let reader: RunReader<Layout>
  let results: Results<Layout.Result>

  init<K: Kind>(_ kind: K.Type, _ path: String) throws(Refusal) where K.Layout == Layout {
    let reader = try RunReader(kind, RunFolder.open(path))
    self.reader = reader
    results = try UnitJournals(reading: reader.folder, reader.table).results
  }

  var folder: RunFolder { reader.folder }
  var table: Layout { reader.table }

  /// What a group's arrays hold in a block, as it is stored.
  func values(_ group: Int, at block: [Int] = []) throws(Refusal) -> [ArrayValues?] {
    try RunStore.stored(table, group, at: block, results)
  }

  /// What an array of floats holds in a block; nil while that is not known.
  func floats(_ name: String, at block: [Int] = []) throws(Refusal) -> [Float]? {
    for (number, group) in table.groups.enumerated() {
      guard let place = group.quantities.firstIndex(where: { group.path(of: $0) == name }) else {
        continue
      }
      guard case .floats(let values)? = try values(number, at: block)[place] else { return nil }
      return values
    }
    return nil
  }

  /// Refuses to draw or list what is not there yet.
  func nothing(_ found: String, expected: String) -> Refusal {
    Refusal(.store, file: folder.path, found: found, expected: expected)
  }

  /// The model's file or folder without its ending.
  var modelName: String {
    let name = URL(fileURLWithPath: table.spec.modelName).lastPathComponent
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }
}
