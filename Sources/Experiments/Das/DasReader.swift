internal import Foundation
internal import Inputs
internal import ResultsStore

/// The folder of a training job's run opened for reading, also while it is written. Needs no model.
struct DasReader: Sendable {
  let folder: RunFolder
  let spec: any TrainingSpec
  let grid: DasGrid
  let layout: DasLayout
  let store: ZarrStore

  /// - Parameter pathsFrom: Where the job's paths start from, if its files have moved.
  /// - Returns: Nil where the run has only begun, and says nothing yet.
  init?(_ folder: RunFolder, pathsFrom: String? = nil) throws(Refusal) {
    self.folder = folder
    let start = if let pathsFrom { pathsFrom } else { try folder.pathsFrom() }
    let (document, _) = try JobDocument.ofRun(
      folder.spec.json, file: folder.path + "/spec.json", folder: start)
    spec = try Self.spec(document)
    let root = folder.results + "/zarr.json"
    guard FileManager.default.fileExists(atPath: root) else {
      guard try JournalReader.files(in: folder.journal).isEmpty else {
        throw Refusal(
          .store, file: root, found: "nothing",
          expected: "the arrays of the units in the journals; the same command writes them again")
      }
      return nil
    }
    let store = try ZarrStore.open(folder.results)
    self.store = store
    guard let layers = try Self.integers(store, "layer"),
      let steps = try Self.integers(store, "step")
    else { return nil }
    let evaluations =
      try store.array("evaluation").spec.shape == [0]
      ? [] : try Self.integers(store, "evaluation")
    guard let evaluations else { return nil }
    grid = DasGrid(
      layers: layers.map { $0 < 0 ? nil : $0 },
      positions: spec.sweep.positions.map { $0 } ?? [nil],
      widths: spec.sweep.widths.map { $0 } ?? [nil])
    layout = DasLayout(spec, grid, steps: steps.count, evaluations: evaluations)
    guard try layout.root(spec: folder.spec.json) == store.root else {
      throw Refusal(
        .store, file: root, found: "other arrays than the job's",
        expected: "the arrays that spec.json and the labels call for")
    }
  }

  /// Whether the job trains its model first.
  var pretrains: Bool {
    guard let spec = spec as? DasSpec, case .pretrained = spec.model else { return false }
    return true
  }

  private static func spec(_ document: JobDocument) throws(Refusal) -> any TrainingSpec {
    switch try JobKind(of: document) {
    case .train: try ModelTrainSpec(document)
    default: try DasSpec(document)
    }
  }

  private static func integers(_ store: ZarrStore, _ name: String) throws(Refusal) -> [Int]? {
    let array = try store.array(name)
    guard array.spec.shape.count == 1, array.spec.shape[0] <= 1 << 24,
      array.spec.fileShape == array.spec.shape
    else {
      throw Refusal(
        .store, file: "\(array.path)/zarr.json", field: "shape", found: "\(array.spec.shape)",
        expected: "one axis of at most \(1 << 24) in one chunk")
    }
    guard array.spec.dataType == .int32 else {
      throw Refusal(
        .store, file: "\(array.path)/zarr.json", field: "data_type",
        found: array.spec.dataType.rawValue, expected: "int32")
    }
    return try array.read(chunk: array.onlyFile, as: Int32.self)?.map(Int.init)
  }
}

extension RunFolder {
  /// Where the job's paths start from.
  func pathsFrom() throws(Refusal) -> String {
    try checkedProvenance().optional("paths_from")?.string() ?? path
  }
}
