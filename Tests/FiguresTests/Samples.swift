import Figures
import Foundation

/// Whether there is a gnuplot to draw pictures with.
let hasGnuplot = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  .contains { FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot") }

/// The tokens of ROME's example prompt, the subject's marked.
let spaceNeedle: [HeatMap.Row] = [
  .init("The", isSubject: true), .init(" Space", isSubject: true), .init(" Need", isSubject: true),
  .init("le", isSubject: true), .init(" is"), .init(" in"), .init(" downtown"),
]

/// A map in the shape of ROME's figure: a hot spot at the last subject token in the early layers,
/// another at the last token in the late ones.
func traceMap(
  layers: Int = 30, rows: [HeatMap.Row] = spaceNeedle, colors: ColorScale = .purples,
  title: String = "Impact of restoring state after corrupted input",
  axis: String = "single restored layer within SmolLM2", gap: Bool = false
) throws -> HeatMap {
  let values = rows.indices.map { row in
    (0..<layers).map { layer in
      if gap, row == 0, layer < 4 { return Double.nan }
      let early = exp(-pow(Double(layer - layers / 3) / Double(layers) * 4, 2))
      let late = 1 / (1 + exp(-Double(layer - layers * 2 / 3)))
      return 0.014 + (row == 3 ? 0.9 * early : row == rows.count - 1 ? 0.94 * late : 0.02 * early)
    }
  }
  return try HeatMap(
    title: title, rows: rows, columns: (0..<layers).map(String.init), values: values,
    valueName: "p(Seattle)", colors: colors, columnAxis: axis, baseline: 0.014, clean: 0.962)
}

/// Six roles across the layers, with standard errors.
func rolePlot(layers: Int = 30) throws -> LinePlot {
  let roles = [
    "first subject token", "middle subject tokens", "last subject token",
    "first subsequent token", "further tokens", "last token",
  ]
  let series = roles.enumerated().map { index, name in
    LinePlot.Series(
      name,
      means: (0..<layers).map { layer in
        let centre = Double(index * 5)
        return 0.02 + 0.15 * Double(index % 3) * exp(-pow((Double(layer) - centre) / 6, 2))
      },
      standardErrors: (0..<layers).map { 0.01 + 0.0005 * Double($0) })
  }
  return try LinePlot(
    title: "Average indirect effect of restoring MLP outputs",
    columns: (0..<layers).map(String.init),
    series: series, valueName: "average indirect effect on p(o)",
    columnAxis: "center of interval of 10 restored mlp layers", baseline: 0)
}
