internal import Inputs
internal import JobFiles
internal import Models

/// A site as a dump holds it.
struct DumpedSite: Sendable, Codable {
  let site: Site
  /// Elements of a row, of the heads that are kept.
  let width: Int
  /// Those heads, of a site by head, in rising order.
  let heads: [Int]?

  /// The axes of a row; sites with a width in common have its name in common.
  var axes: [Axis] {
    guard let heads else { return [Axis(widthName, width)] }
    return [Axis(headsName, heads.count), Axis("head_width", width / heads.count)]
  }

  var headsName: String { widthName == "key_width" ? "key_head" : "head" }

  private var widthName: String {
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput: "query_width"
    case .keyOutput, .valueOutput: "key_width"
    case .mlpActivation: "mlp_width"
    default: "width"
    }
  }
}

extension DumpedSite {
  /// A site of a model, with some of its heads where it has any; nil stands for all.
  init(
    _ site: Site, heads chosen: Selection?, _ shape: DecoderShape, model: String
  ) throws(Refusal) {
    self.site = site
    guard site.isSplitIntoHeads, let count = shape.heads(of: site) else {
      (width, heads) = (shape.width(of: site), nil)
      return
    }
    let heads =
      try chosen?.resolve(count: count, of: "\(model), \(site.rawValue),") ?? Array(0..<count)
    (width, self.heads) = (heads.count * shape.headWidth, heads)
  }
}
