internal import Figures
internal import Foundation
internal import Inputs
internal import Lenses
internal import Models
internal import ResultsStore

/// The energies of bases, and what ablating more and more directions does, as pictures.
struct BasisPictures {
  private let run: RunView<BasisTable>
  private let layers: [BasisLayer]

  /// - Throws: Where no layer is done.
  init(_ run: RunView<BasisTable>) throws(Refusal) {
    self.run = run
    layers = run.table.outline.layers.compactMap { run.table.layer($0, run.results) }
    guard !layers.isEmpty else {
      throw run.nothing("no layer that is done", expected: "a layer's basis")
    }
  }

  private var spec: BasisSpec { run.table.spec }
  private var directions: Int { spec.basis.settings.directions }

  /// Layer against direction for the terminal, then the curves; as a picture, all of them.
  func pictures() throws(Refusal) -> RunPictures {
    let (energies, curves) = (try energyMap(), try curves())
    let lines = try energyLines()
    return RunPictures(
      [.heatMap(energies), .lines(lines), .lines(curves)],
      figure: Figure(
        title: "Causal bases of \(run.modelName), \(readout), \(mode) ablation",
        panels: [.lines(lines), .lines(curves), .heatMap(energies)]))
  }

  private var mode: String { spec.basis.settings.mode.rawValue }

  private var readout: String {
    switch spec.basis.lens {
    case .model: "\(spec.basis.site.rawValue) to the model's logits"
    case .logit: "logit lens"
    case .tuned: "tuned lens"
    }
  }

  private var numbers: [String] { (1...directions).map(String.init) }

  /// A list as long as there are directions at most.
  private func padded(_ values: [Double]) -> [Double] {
    values + Array(repeating: .nan, count: max(0, directions - values.count))
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
    (0..<directions).map { count in
      let known = layers.compactMap { layer in
        layer.basis.randomCurve.indices.contains(count) ? layer.basis.randomCurve[count] : nil
      }
      return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
    }
  }
}
