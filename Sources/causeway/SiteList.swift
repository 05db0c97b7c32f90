import Inputs
import Interventions
import Models
import ResultsStore
import Tensors

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
    rows = model.sites.flatMap { Self.rows($0.site, $0.layers, model) }
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

    init(
      _ site: Site, _ layers: Range<Int>, _ shape: [String], _ model: any TrainableModel<Float>
    ) {
      (self.site, self.layers, self.shape) = (site, layers, shape)
      let first = layers.lowerBound
      heads = model.heads(of: site)
      units = UnitAxis.allCases.filter { axis in
        (try? UnitGrid(of: site, layer: first, along: axis, in: model)) != nil
      }.map(\.rawValue)
      module = model.modulePath(of: site, layer: first)
    }
  }

  /// A row for each run of layers in which the site has one shape.
  private static func rows(
    _ site: Site, _ layers: Range<Int>, _ model: any TrainableModel<Float>
  ) -> [Row] {
    let shapes = layers.map { shape(of: site, layer: $0, in: model) }
    let starts = layers.indices.filter {
      $0 == layers.lowerBound
        || shapes[$0 - layers.lowerBound] != shapes[$0 - layers.lowerBound - 1]
    }
    return zip(starts, starts.dropFirst() + [layers.upperBound]).map {
      Row(site, $0..<$1, shapes[$0 - layers.lowerBound], model)
    }
  }

  private static func shape(
    of site: Site, layer: Int, in model: any TrainableModel<Float>
  ) -> [String] {
    let heads = model.heads(of: site) ?? 1
    let width = model.width(of: site.unsplit, layer: layer)
    if site.own == .attentionWeight || site == .contextualization {
      return ["batch", "\(heads)", "query", "key"]
    }
    func ofRows(_ rows: String) -> [String] {
      site.isSplitIntoHeads
        ? ["batch", "\(heads)", rows, "\(width / max(1, heads))"] : ["batch", rows, "\(width)"]
    }
    switch model.extent(of: site, layer: layer) {
    case .inputs: return ofRows("position")
    case .encoder: return ofRows("position in the encoder")
    case .fixed(let count): return ofRows("\(count)")
    case .pixels(let windows):
      let shrunk = windows.reduce(1) { $0 * $1.stride }
      return ["batch", "\(width)"]
        + ["height", "width"].map { shrunk == 1 ? $0 : "\($0)/\(shrunk)" }
    case .parts(let size): return ["batch", "\(width)", "\(size.height)", "\(size.width)"]
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

  /// The same as JSON; modules are those of a row's first layer.
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
