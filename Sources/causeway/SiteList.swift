import Inputs
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
    switch opened.contents {
    case .decoder(let model): self.init(model)
    case .backpack(let shape, _):
      self.init(
        try opened.outline(), named: "gpt2 (Backpack)",
        [
          ("layers", shape.decoder.layers), ("width", shape.decoder.width),
          ("heads", shape.decoder.heads), ("senses", shape.senses),
          ("vocabulary", shape.decoder.vocabulary),
        ])
    case .gru(let shape, _):
      let ends: [(String, Int)] =
        switch shape.head {
        case .classifier(let classes): [("classes", classes)]
        case .languageModel: [("vocabulary", shape.vocabulary)]
        }
      self.init(
        try opened.outline(), named: GRUShape.modelType,
        [("layers", shape.layers), ("width", shape.width)] + ends)
    case .mlp(let shape, _):
      self.init(
        try opened.outline(), named: MLPShape.modelType,
        [("layers", shape.layers), ("width", shape.width), ("classes", shape.classes)])
    case .resNet(let shape, _): self.init(try opened.outline(), shape)
    }
  }

  private struct Row {
    let site: Site
    let layers: Range<Int>
    /// As text, since the batch and the positions are the caller's.
    let shape: [String]
    let heads: Int?
    let module: String?
  }

  private init(_ model: PublishedModel) {
    let shape = model.shape
    rows = Site.decoderSites.map { site in
      let heads = shape.heads(of: site)
      let size =
        switch site {
        case .attentionWeight: ["batch", "\(shape.heads)", "query", "key"]
        case _ where site.isSplitIntoHeads:
          ["batch", "\(heads ?? 1)", "position", "\(shape.headWidth)"]
        default: ["batch", "position", "\(shape.width(of: site))"]
        }
      return Row(
        site: site, layers: 0..<shape.layers, shape: size, heads: heads,
        module: model.modulePath(of: site, layer: 0))
    }
    head =
      "\(model.family.modelType): \(shape.layers) layers, width \(shape.width), "
      + "\(shape.heads) heads over \(shape.keyHeads), \(shape.vocabulary) tokens"
    sizes = [
      .init("model_type", .text(model.family.modelType)),
      .init("layers", .integer(shape.layers)), .init("width", .integer(shape.width)),
      .init("heads", .integer(shape.heads)), .init("key_heads", .integer(shape.keyHeads)),
      .init("vocabulary", .integer(shape.vocabulary)),
    ]
  }

  /// A model of another family, whose modules have paths of their own.
  private init(
    _ model: any TrainableModel<Float>, named name: String, _ numbers: [(name: String, value: Int)]
  ) {
    rows = model.sites.map { site, layers in
      let heads = model.heads(of: site)
      let size =
        switch site {
        case .attentionWeight, .contextualization: ["batch", "\(heads ?? 1)", "query", "key"]
        case _ where site.isSplitIntoHeads:
          [
            "batch", "\(heads ?? 1)", "position",
            "\(model.width(of: site.unsplit) / max(1, heads ?? 1))",
          ]
        default: ["batch", "position", "\(model.width(of: site))"]
        }
      return Row(site: site, layers: layers, shape: size, heads: heads, module: nil)
    }
    head = name + ": " + numbers.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    sizes =
      [.init("model_type", .text(name))] + numbers.map { .init($0.name, .integer($0.value)) }
  }

  /// A model whose layers differ in size: a row for each run of layers that do not.
  private init(_ model: any TrainableModel<Float>, _ shape: ResNetShape) {
    func size(_ site: Site, _ layer: Int) -> [String] {
      ["batch", "\(model.width(of: site, layer: layer))"]
        + model.extent(of: site, layer: layer).axes
    }
    rows = model.sites.flatMap { site, layers in
      var runs: [(layers: Range<Int>, size: [String])] = []
      for layer in layers {
        let own = size(site, layer)
        if let last = runs.last, last.size == own {
          runs[runs.count - 1].layers = last.layers.lowerBound..<layer + 1
        } else {
          runs.append((layer..<layer + 1, own))
        }
      }
      return runs.map {
        Row(
          site: site, layers: $0.layers, shape: $0.size, heads: nil,
          module: shape.modulePath(of: site, layer: $0.layers.lowerBound))
      }
    }
    let numbers = [
      ("layers", shape.layers), ("stages", shape.stages.count), ("channels", shape.channels),
      ("classes", shape.classes),
    ]
    head =
      "\(ResNetShape.modelType) (\(shape.layerType.rawValue)): "
      + numbers.map { "\($0) \($1)" }.joined(separator: ", ")
    sizes =
      [.init("model_type", .text(ResNetShape.modelType))]
      + numbers.map { .init($0, .integer($1)) }
  }

  var lines: [String] {
    let table =
      [["site", "layers", "shape", "heads", "module"]]
      + rows.map { row in
        [
          row.site.rawValue, "\(row.layers.lowerBound)..\(row.layers.upperBound - 1)",
          "[\(row.shape.joined(separator: ", "))]", row.heads.map { "\($0)" } ?? "-",
          row.module ?? "-",
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
