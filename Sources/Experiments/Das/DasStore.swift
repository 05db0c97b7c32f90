internal import Inputs
internal import ResultsStore

/// The arrays of a training job as they are written. Nothing in them depends on ranks or times.
struct DasStore {
  private let layout: DasLayout
  private let store: ZarrStore
  private let files: FileWriter

  /// Makes the arrays and writes the labels, or opens those of an earlier start.
  init(
    _ path: String, _ layout: DasLayout, spec: String, by files: FileWriter
  ) throws(Refusal) {
    self.layout = layout
    self.files = files
    store = try ZarrStore.create(at: path, try layout.root(spec: spec), by: files)
    for (name, values) in layout.labels {
      let array = try store.array(name)
      try values.write(to: array, at: array.onlyFile, by: files)
    }
  }

  func put(_ result: DasResult, _ point: DasGrid.Point) throws(Refusal) {
    for (name, values) in layout.values(of: result) { try put(name, values, point) }
  }

  func put(failed point: DasGrid.Point) throws(Refusal) {
    try put(DasLayout.Quantity.status.rawValue, .bytes([CellStatus.failed.rawValue]), point)
  }

  private func put(
    _ name: String, _ values: ArrayValues, _ point: DasGrid.Point
  ) throws(Refusal) {
    let array = try store.array(name)
    try values.write(to: array, at: DasLayout.index(point, array), by: files)
  }
}
