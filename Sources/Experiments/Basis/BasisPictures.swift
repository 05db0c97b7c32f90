internal import Figures
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore

/// The energies of bases, and what ablating more and more directions does, as pictures.
struct BasisPictures {
  private let reader: BasisReader
  private let layers: [BasisLayer]

  /// - Throws: Where no layer is done.
  init(_ path: String) throws(Refusal) {
    let folder = try RunFolder.open(path)
    let reader = try BasisReader(folder)
    let journals = try reader?.journals()
    let layers = reader.map { reader in
      reader.numbering.layers.compactMap { layer in journals.flatMap { reader.layer(layer, $0) } }
    }
    guard let reader, let layers, !layers.isEmpty else {
      throw Refusal(
        .store, file: folder.path, found: "no layer that is done", expected: "a layer's basis")
    }
    (self.reader, self.layers) = (reader, layers)
  }

  /// Layer against direction for the terminal, then the curves; as a picture, all of them.
  func pictures() throws(Refusal) -> RunPictures {
    let (energies, curves) = (try energyMap(), try curves())
    let lines = try energyLines()
    return RunPictures(
      [.heatMap(energies), .lines(lines), .lines(curves)],
      figure: Figure(
        title: "Causal bases of \(modelName), \(readout), \(mode) ablation",
        panels: [.lines(lines), .lines(curves), .heatMap(energies)]))
  }

  private var mode: String { reader.spec.basis.settings.mode.rawValue }

  private var readout: String {
    switch reader.spec.basis.lens {
    case .model: "\(reader.spec.basis.site.rawValue) to the model's logits"
    case .logit: "logit lens"
    case .tuned: "tuned lens"
    }
  }

  private var modelName: String {
    let name = URL(fileURLWithPath: reader.spec.model.path.resolved).lastPathComponent
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }

  private var numbers: [String] { (1...reader.numbering.directions).map(String.init) }

  /// A list as long as there are directions at most.
  private func padded(_ values: [Double]) -> [Double] {
    values + Array(repeating: .nan, count: max(0, reader.numbering.directions - values.count))
  }

  private func energyMap() throws(Refusal) -> HeatMap {
    try HeatMap(
      title: "Energy of each direction (\(readout))",
      rows: layers.map { HeatMap.Row("layer \($0.basis.layer)") }, columns: numbers,
      values: layers.map { padded($0.basis.energies) }, valueName: "KL, nats",
      columnAxis: "direction", baseline: 0)
  }

  private func energyLines() throws(Refusal) -> LinePlot {
    try LinePlot(
      title: "Energy of each direction", columns: numbers,
      series: layers.map {
        LinePlot.Series("layer \($0.basis.layer)", means: padded($0.basis.energies))
      },
      valueName: "KL, nats", columnAxis: "direction", baseline: 0)
  }

  private func curves() throws(Refusal) -> LinePlot {
    try LinePlot(
      title: "First directions ablated together", columns: numbers,
      series: layers.map {
        LinePlot.Series("layer \($0.basis.layer)", means: padded($0.basis.curve))
      } + [LinePlot.Series("random, mean of layers", means: randomMean)],
      valueName: "KL, nats", columnAxis: "directions ablated", baseline: 0)
  }

  /// The mean over layers of what random directions do.
  private var randomMean: [Double] {
    (0..<reader.numbering.directions).map { count in
      let known = layers.compactMap { layer in
        layer.basis.randomCurve.indices.contains(count) ? layer.basis.randomCurve[count] : nil
      }
      return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
    }
  }
}
