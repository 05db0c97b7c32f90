package import Inputs
internal import Models

/// What can be intervened on in a model, as a table.
package struct SiteList {
  private let model: PublishedModel

  package init(_ path: String) throws(Refusal) { model = try PublishedModel(path) }

  package var lines: [String] {
    let shape = model.shape
    var rows = [["site", "layers", "shape", "heads", "module"]]
    for site in Site.decoderSites {
      let heads = shape.heads(of: site)
      let size: String
      switch site {
      case .attentionWeight: size = "[batch, \(shape.heads), query, key]"
      case _ where site.isSplitIntoHeads:
        size = "[batch, \(heads ?? 1), position, \(shape.headWidth)]"
      default: size = "[batch, position, \(shape.width(of: site))]"
      }
      rows.append([
        site.rawValue, "0..\(shape.layers - 1)", size, heads.map { "\($0)" } ?? "-",
        model.modulePath(of: site, layer: 0) ?? "-",
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let table = rows.map { row in
      zip(row, widths).map { $0.padding(to: $1) }.joined(separator: "  ").trimmedEnd()
    }
    let head =
      "\(model.architecture.modelType): \(shape.layers) layers, width \(shape.width), "
      + "\(shape.heads) heads over \(shape.keyHeads), \(shape.vocabulary) tokens"
    return [head, ""] + table
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
