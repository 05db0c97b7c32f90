import Inputs
import Interventions
import Models
import ResultsStore

/// What can be intervened on in a model, as a table.
struct SiteList {
  private let rows: [Row]
  /// The model in a line.
  private let head: String
  /// The model's sizes, as JSON has them.
  private let sizes: [Attribute.Member]

  init(_ path: String) throws(Refusal) {
    let opened = try OpenedModel(path)
    let model = try opened.outline()
    let description = opened.description
    rows = model.sites.map { Row($0.site, $0.layers, model) }
    head =
      description.name + ": "
      + description.sizes.map { "\($0.name.replacing("_", with: " ")) \($0.value)" }
      .joined(separator: ", ")
    sizes =
      [.init("model_type", .text(description.name))]
      + description.sizes.map { .init($0.name, .integer($0.value)) }
  }

  private struct Row {
    let site: Site
    let layers: Range<Int>
    /// As text, since the batch and the positions are the caller's.
    let shape: [String]
    let heads: Int?
    /// The units along which it can be addressed.
    let units: [String]
    let module: String?

    init(_ site: Site, _ layers: Range<Int>, _ model: any TrainableModel<Float>) {
      (self.site, self.layers) = (site, layers)
      heads = model.heads(of: site)
      let width = model.width(of: site.unsplit)
      let rows =
        switch model.extent(of: site) {
        case .inputs: "position"
        case .encoder: "position in the encoder"
        case .fixed(let count): "\(count)"
        }
      shape =
        switch site {
        case _ where site.own == .attentionWeight || site == .contextualization:
          ["batch", "\(heads ?? 1)", "query", "key"]
        case _ where site.isSplitIntoHeads:
          ["batch", "\(heads ?? 1)", rows, "\(width / max(1, heads ?? 1))"]
        default: ["batch", rows, "\(width)"]
        }
      units = UnitAxis.allCases.filter { axis in
        (try? UnitGrid(of: site, along: axis, in: model)) != nil
      }.map(\.rawValue)
      module = model.modulePath(of: site, layer: layers.lowerBound)
    }
  }

  var lines: [String] {
    let table =
      [["site", "layers", "shape", "heads", "units", "module"]]
      + rows.map { row in
        [
          row.site.rawValue, "\(row.layers.lowerBound)..\(row.layers.upperBound - 1)",
          "[\(row.shape.joined(separator: ", "))]", row.heads.map { "\($0)" } ?? "-",
          row.units.joined(separator: " "), row.module ?? "-",
        ]
      }
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return [head, ""]
      + table.map { row in
        zip(row, widths).map { $0.padding(to: $1) }.joined(separator: "  ").trimmedEnd()
      }
  }

  /// The same as JSON; modules are those of layer 0.
  var json: String {
    let sites = rows.map { row -> Attribute in
      var members: [Attribute.Member] = [
        .init("site", .text(row.site.rawValue)),
        .init(
          "layers", .list([.integer(row.layers.lowerBound), .integer(row.layers.upperBound - 1)])),
        .init("shape", .list(row.shape.map { .text($0) })),
      ]
      if let heads = row.heads { members.append(.init("heads", .integer(heads))) }
      members.append(.init("units", .list(row.units.map { .text($0) })))
      if let module = row.module { members.append(.init("module", .text(module))) }
      return .table(members)
    }
    return Attribute.table(sizes + [.init("sites", .list(sites))]).json
  }
}

extension String {
  fileprivate func trimmedEnd() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
