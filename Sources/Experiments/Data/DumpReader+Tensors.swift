internal import Cluster
internal import Tensors
internal import Models
internal import Checkpoints
internal import Inputs

extension DumpReader {
  /// Bytes of tensors that are held at once.
  private static let tensorLimit = 4 << 30

  /// Activations of sites and layers, `SITE.LAYER` of `[token, width]` or `[token, head, width]`, with
  /// their tokens.
  func tensors(_ options: ExportOptions) throws(Refusal) -> SafetensorsWriter {
    let place = try ShowOptions.place(of: options.site, in: sites.map(\.rawValue), .site)
    if let layer = options.layer, !layers.contains(layer) {
      throw Refusal(
        .commandLine, field: "--layer", found: "\(layer), which this run does not have",
        expected: "one of \(layers.map(String.init).joined(separator: ", "))")
    }
    let sites = place.map { [outline.sites[$0]] } ?? outline.sites
    let layers = options.layer.map { [$0] } ?? layers
    let bytes = 4 * rowCount * layers.count * sites.reduce(0) { $0 + $1.width }
    guard bytes <= Self.tensorLimit else {
      throw Refusal(
        .resources, field: "--safetensors", found: "\(RunNeeds.text(bytes)) of activations",
        expected: "at most \(RunNeeds.text(Self.tensorLimit)): choose with --site and --layer, or "
          + "read activations.zarr")
    }
    var writer = SafetensorsWriter(metadata: ["model": modelName])
    for site in sites {
      for layer in layers {
        writer.add(
          "\(site.site.rawValue).\(layer)", shape: [rowCount] + site.axes.map(\.count),
          try values(site.site, layer: layer, rows: 0..<rowCount).elements)
      }
    }
    for name in ["token_id", "document_index", "position"] {
      writer.add(name, shape: [rowCount], try label(name))
    }
    return writer
  }
}
