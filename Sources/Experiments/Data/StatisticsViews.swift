internal import Statistics
internal import Models
internal import Figures
internal import Foundation
internal import Inputs

/// Statistics of sites' layers as pictures and as a table.
struct StatisticsViews {
  private let sites: [DumpedSite]
  private let layers: [Int]
  private let total: (_ site: Int, _ layer: Int) throws(Refusal) -> ActivationStatistics?

  /// - Parameter total: Of a site's layer, both by their place; nil while not known.
  init(
    _ statistics: SiteStatistics,
    _ total: @escaping (_ site: Int, _ layer: Int) throws(Refusal) -> ActivationStatistics?
  ) {
    (sites, layers, self.total) = (statistics.sites, statistics.layers, total)
  }

  /// Norms and quantiles of each layer as lines, and the norms along the layers as a picture.
  ///
  /// - Parameters:
  ///   - chosen: The one site by its place; nil for all.
  ///   - missing: What is thrown where statistics are not known.
  func pictures(of chosen: Int?, missing: Refusal) throws(Refusal) -> RunPictures {
    var text: [String] = []
    var series: [LinePlot.Series] = []
    for (place, site) in sites.enumerated() where chosen == nil || chosen == place {
      text.append("\(site.site.rawValue): norms, then values, at 1, 25, 50, 75 and 99 %")
      var norms: [Double] = []
      for (number, layer) in layers.enumerated() {
        guard let found = try total(place, number) else { throw missing }
        func line(_ quantile: (Double, Int) -> Double?, _ part: Int) -> String {
          [0.01, 0.25, 0.5, 0.75, 0.99].map {
            quantile($0, part).map { String(format: "%.4g", $0) } ?? "-"
          }
          .joined(separator: " ")
        }
        for part in 0..<found.shape.groups {
          let head = site.heads.map { ", head \($0[part])" } ?? ""
          text.append(
            "  layer \(layer)\(head): \(line(found.normQuantile, part)); "
              + line(found.quantile, part))
        }
        let parts = (0..<found.shape.groups).compactMap { found.meanNorm(group: $0) }
        norms.append(parts.isEmpty ? 0 : parts.reduce(0, +) / Double(parts.count))
      }
      series.append(LinePlot.Series(site.site.rawValue, means: norms))
    }
    let plot = try LinePlot(
      title: "Norms of activations", columns: layers.map(String.init), series: series,
      valueName: "mean norm", columnAxis: "layer", baseline: 0)
    return RunPictures(
      [.text(text.joined(separator: "\n")), .lines(plot)],
      figure: Figure(title: "Norms of activations", panels: [.lines(plot)]))
  }

  /// One line for each layer of each site, and for each head where it has heads.
  var rows: ExportRows {
    let quantiles = StatisticsArrays.quantiles
    let names = quantiles.map { "norm_\($0)" } + quantiles.map { "value_\($0)" }
    return ExportRows(
      heading: "site,layer,head,rows,mean_norm," + names.joined(separator: ",")
    ) { (add) throws(Refusal) in
      for (place, site) in sites.enumerated() {
        for (number, layer) in layers.enumerated() {
          guard let found = try total(place, number) else { continue }
          for part in 0..<found.shape.groups {
            let values =
              [found.meanNorm(group: part)]
              + quantiles.map { found.normQuantile($0, group: part) }
              + quantiles.map { found.quantile($0, group: part) }
            let head = site.heads.map { "\($0[part])" } ?? ""
            try add(
              "\(site.site.rawValue),\(layer),\(head),\(found.count),"
                + values.map { $0.map { "\(Float($0))" } ?? "" }.joined(separator: ","))
          }
        }
      }
    }
  }
}
