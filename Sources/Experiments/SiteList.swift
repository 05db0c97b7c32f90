package import Inputs
internal import Models
internal import ResultsStore

/// What can be intervened on in a model, as a table.
package struct SiteList {
  private let model: PublishedModel

  package init(_ path: String) throws(Refusal) { model = try PublishedModel(path) }

  private struct Row {
    let site: Site
    /// As text, since the batch and the positions are the caller's.
    let shape: [String]
    let heads: Int?
    let module: String?
  }

  private var rows: [Row] {
    let shape = model.shape
    return Site.decoderSites.map { site in
      let heads = shape.heads(of: site)
      let size =
        switch site {
        case .attentionWeight: ["batch", "\(shape.heads)", "query", "key"]
        case _ where site.isSplitIntoHeads:
          ["batch", "\(heads ?? 1)", "position", "\(shape.headWidth)"]
        default: ["batch", "position", "\(shape.width(of: site))"]
        }
      return Row(
        site: site, shape: size, heads: heads, module: model.modulePath(of: site, layer: 0))
    }
  }

  package var lines: [String] {
    let shape = model.shape
    let table =
      [["site", "layers", "shape", "heads", "module"]]
      + rows.map { row in
        [
          row.site.rawValue, "0..\(shape.layers - 1)",
          "[\(row.shape.joined(separator: ", "))]", row.heads.map { "\($0)" } ?? "-",
          row.module ?? "-",
        ]
      }
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    let head =
      "\(model.architecture.modelType): \(shape.layers) layers, width \(shape.width), "
      + "\(shape.heads) heads over \(shape.keyHeads), \(shape.vocabulary) tokens"
    return [head, ""]
      + table.map { row in
        zip(row, widths).map { $0.padding(to: $1) }.joined(separator: "  ").trimmedEnd()
      }
  }

  /// The same as JSON; modules are those of layer 0.
  package var json: String {
    let shape = model.shape
    let sites = rows.map { row -> Attribute in
      var members: [Attribute.Member] = [
        .init("site", .text(row.site.rawValue)),
        .init("layers", .list([.integer(0), .integer(shape.layers - 1)])),
        .init("shape", .list(row.shape.map { .text($0) })),
      ]
      if let heads = row.heads { members.append(.init("heads", .integer(heads))) }
      if let module = row.module { members.append(.init("module", .text(module))) }
      return .table(members)
    }
    let table: Attribute = [
      "model_type": .text(model.architecture.modelType), "layers": .integer(shape.layers),
      "width": .integer(shape.width), "heads": .integer(shape.heads),
      "key_heads": .integer(shape.keyHeads), "vocabulary": .integer(shape.vocabulary),
      "sites": .list(sites),
    ]
    return table.json
  }
}

extension String {
  func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  func trimmedEnd() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
