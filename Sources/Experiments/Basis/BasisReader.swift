internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore

/// The folder of a basis job's run opened for reading, also while it is written. Needs no model.
struct BasisReader: Sendable {
  let folder: RunFolder
  let spec: BasisSpec
  let layout: BasisLayout
  let numbering: BasisUnit.Numbering
  let store: ZarrStore

  /// - Parameter pathsFrom: Where the job's paths start from, if its files have moved.
  /// - Returns: Nil where the run has only begun, and says nothing yet.
  init?(_ folder: RunFolder, pathsFrom: String? = nil) throws(Refusal) {
    self.folder = folder
    let start = if let pathsFrom { pathsFrom } else { try folder.pathsFrom() }
    let (document, _) = try JobDocument.ofRun(
      folder.spec.json, file: folder.path + "/spec.json", folder: start)
    spec = try BasisSpec(document)
    let root = folder.results + "/zarr.json"
    guard FileManager.default.fileExists(atPath: root) else {
      try Self.refuseJournals(in: folder, without: root)
      return nil
    }
    store = try ZarrStore.open(folder.results)
    let settings = spec.basis.settings
    let stored = try store.array("vectors").spec.shape
    let layerArray = try store.array("layer")
    guard stored.count == 3, stored[1] == settings.directions, stored[2] >= settings.directions,
      layerArray.spec.shape == [stored[0]]
    else {
      throw Refusal(
        .store, file: root, field: "vectors", found: "shape \(stored)",
        expected: "layers, \(settings.directions) directions, and at least as many channels")
    }
    guard let layers = try layerArray.read(chunk: layerArray.onlyFile, as: Int32.self) else {
      try Self.refuseJournals(in: folder, without: layerArray.path(ofFile: layerArray.onlyFile))
      return nil
    }
    let rising = zip(layers, layers.dropFirst()).allSatisfy { $0 < $1 }
    guard rising, layers.first.map({ $0 >= 0 }) ?? false else {
      throw Refusal(
        .store, file: layerArray.path, found: "the layers \(layers.prefix(8))",
        expected: "layers in rising order")
    }
    layout = BasisLayout(spec: spec, layers: layers.map { Int($0) }, width: stored[2])
    numbering = BasisUnit.Numbering(layers: layout.layers, settings)
    guard try layout.root(spec: folder.spec.json) == store.root else {
      throw Refusal(
        .store, file: root, found: "other arrays than the job's",
        expected: "the arrays that spec.json and the layers call for")
    }
  }

  private static func refuseJournals(
    in folder: RunFolder, without file: String
  ) throws(Refusal) {
    guard try JournalReader.files(in: folder.journal).isEmpty else {
      throw Refusal(
        .store, file: file, found: "nothing",
        expected: "labels of the units in the journals; the same command writes them again")
    }
  }

  func journals() throws(Refusal) -> BasisJournals {
    try BasisJournals(folder, numbering, width: layout.width)
  }

  /// What the journals know of a layer; nil until all its units are done.
  func layer(_ layer: Int, _ journals: BasisJournals) -> BasisLayer? {
    BasisLayer(layer, numbering, spec.basis.settings) { journals.results[$0] }
  }

  /// The best energies found so far of a layer that is not finished, in the order of the searches.
  func energies(of layer: Int, _ journals: BasisJournals) -> [Double] {
    (0..<numbering.directions).compactMap { direction in
      (0..<numbering.restarts).compactMap { restart -> Double? in
        let unit = BasisUnit.search(layer: layer, direction: direction, restart: restart)
        guard case .direction(let found)? = journals.results[numbering.number(of: unit)] else {
          return nil
        }
        return found.energy
      }.max()
    }
  }
}
