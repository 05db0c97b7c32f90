internal import Figures
internal import Foundation
internal import Inputs
internal import ResultsStore

/// The folder of a lens job's run opened for reading, also while it is written. Needs no model.
struct LensReader: Sendable {
  let folder: RunFolder
  let spec: LensSpec
  let layout: LensLayout
  let store: ZarrStore

  /// - Parameter pathsFrom: Where the job's paths start from, if its files have moved.
  /// - Returns: Nil where the run has only begun, and says nothing yet.
  init?(_ folder: RunFolder, pathsFrom: String? = nil) throws(Refusal) {
    self.folder = folder
    let start = if let pathsFrom { pathsFrom } else { try folder.pathsFrom() }
    let (document, _) = try JobDocument.ofRun(
      folder.spec.json, file: folder.path + "/spec.json", folder: start)
    spec = try LensSpec(document)
    let root = folder.results + "/zarr.json"
    guard FileManager.default.fileExists(atPath: root) else { return nil }
    store = try ZarrStore.open(folder.results)
    let array = try store.array("layer")
    guard let layers = try array.read(chunk: array.onlyFile, as: Int32.self) else { return nil }
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }),
      layers.first.map({ $0 >= 0 }) ?? false
    else {
      throw Refusal(
        .store, file: array.path, found: "the layers \(layers.prefix(8))",
        expected: "layers in rising order")
    }
    layout = LensLayout(spec: spec, layers: layers.map { Int($0) })
    guard try layout.root(spec: folder.spec.json) == store.root else {
      throw Refusal(
        .store, file: root, found: "other arrays than the job's",
        expected: "the arrays that spec.json and the layers call for")
    }
  }

  /// The losses of a layer by its place; nil until it is trained.
  func losses(_ place: Int) throws(Refusal) -> [Float]? {
    try store.array("loss").read(chunk: [place, 0], as: Float.self)
  }

  /// One number for each layer; nil until all are trained.
  func totals(_ name: String) throws(Refusal) -> [Float]? {
    let array = try store.array(name)
    return try array.read(chunk: array.onlyFile, as: Float.self)
  }
}

/// How far a lens job has come, from its folder's files alone.
struct LensProgress: RunProgress {
  private let folder: RunFolder
  private var layers: [(number: Int, losses: [Float]?)] = []
  private var isPlanned = false
  private let attempts: RunAttempts
  private let holder: RunHolder?
  /// Layers under way by their places, with the steps of their last checkpoint.
  private var underWay: [(unit: Int, step: Int)] = []
  private var steps = 0
  private var notes: [String]

  init(_ path: String) throws(Refusal) {
    folder = try RunFolder.open(path)
    holder = try RunHolder.of(folder)
    attempts = RunAttempts(folder)
    notes = attempts.faults.map(\.description)
    guard let reader = try LensReader(folder) else { return }
    isPlanned = true
    steps = reader.spec.settings.steps
    for (place, layer) in reader.layout.layers.enumerated() {
      layers.append((layer, try reader.losses(place)))
    }
    let checkpoints = TrainingFiles.underWay(
      .training, units: layers.indices.filter { layers[$0].losses == nil }, in: folder.path)
    underWay = checkpoints.kept
    notes += checkpoints.faults.map(\.description)
  }

  private var left: Int { layers.count { $0.losses == nil } }

  var exitCode: Int32 { isPlanned && left == 0 ? 0 : 75 }

  func lines(limit: Int) -> [String] {
    guard isPlanned else { return ["\(escaped(folder.path)): begun, nothing planned yet"] }
    var lines = [
      "\(escaped(folder.path)): \(left == 0 ? "finished" : "not finished")",
      "layers  \(layers.count - left) of \(layers.count) trained, \(left) left",
    ]
    for layer in layers.prefix(limit) {
      guard let first = layer.losses?.first, let last = layer.losses?.last else { continue }
      lines.append("layer \(layer.number): loss \(first) at first, \(last) at last")
    }
    for (place, step) in underWay.prefix(limit) {
      lines.append("layer \(layers[place].number): step \(step) of \(steps) is kept")
    }
    return lines + (holder?.lines ?? []) + attempts.lines + notes.map { "note: \($0)" }
  }

  var json: String {
    let kept = underWay.map { place, step -> Attribute in
      ["layer": .integer(layers[place].number), "step": .integer(step)]
    }
    let units: Attribute = [
      "total": .integer(layers.count), "done": .integer(layers.count - left),
      "left": .integer(left),
    ]
    var members: [Attribute.Member] = [
      .init("run", .text(folder.path)), .init("digest", .text(folder.spec.digest)),
      .init("planned", .flag(isPlanned)), .init("finished", .flag(exitCode == 0)),
      .init("units", units), .init("kept", .list(kept)), .init("steps", .integer(steps)),
      .init("starts", attempts.attribute), .init("notes", .list(notes.map { .text($0) })),
    ]
    if let holder { members.append(.init("holder", holder.attribute)) }
    return Attribute.table(members).json
  }
}

extension LensReader {
  /// The losses step by step, and how far both lenses are from the model, layer by layer.
  func pictures() throws(Refusal) -> RunPictures {
    var series: [LinePlot.Series] = []
    for (place, layer) in layout.layers.enumerated() {
      guard let losses = try losses(place) else { continue }
      series.append(LinePlot.Series("layer \(layer)", means: losses.map(Double.init)))
    }
    guard !series.isEmpty else {
      throw Refusal(
        .store, file: folder.path, found: "no layer that is trained", expected: "a translator")
    }
    var plots = [
      try LinePlot(
        title: "Training of the tuned lens", columns: (0..<spec.settings.steps).map(String.init),
        series: series, valueName: "KL, nats", columnAxis: "step")
    ]
    if let logit = try totals("logit_lens_divergence"),
      let tuned = try totals("tuned_lens_divergence")
    {
      plots.append(
        try LinePlot(
          title: "Distance from the model", columns: layout.layers.map(String.init),
          series: [
            LinePlot.Series("logit lens", means: logit.map(Double.init)),
            LinePlot.Series("tuned lens", means: tuned.map(Double.init)),
          ],
          valueName: "KL, nats", columnAxis: "layer", baseline: 0))
    }
    return RunPictures(
      plots.reversed().map { .lines($0) },
      figure: Figure(title: "Tuned lens", panels: plots.reversed().map { .lines($0) }))
  }
}
