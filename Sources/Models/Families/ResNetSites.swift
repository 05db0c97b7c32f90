internal import Tensors

/// The sites of a ResNet with their sizes, and the published modules that they stand for.
extension ResNetShape {
  static let convolutionOutputs: [Site] = [
    .conv0ConvolutionOutput, .conv1ConvolutionOutput, .conv2ConvolutionOutput,
  ]
  static let normalizationOutputs: [Site] = [
    .conv0NormalizationOutput, .conv1NormalizationOutput, .conv2NormalizationOutput,
  ]
  static let outputs: [Site] = [.conv0Output, .conv1Output, .conv2Output]

  /// Convolutions of each block.
  private var convolutionCount: Int { layerType == .basic ? 2 : 3 }

  /// Every site in the order in which a run comes by it, with its blocks. A shortcut without a
  /// convolution has no site there, so that one stands once for each run of blocks that have it.
  var siteLayers: [(site: Site, layers: Range<Int>)] {
    let stem: [Site] = [
      .pixelValues, .embedderConvolutionOutput, .embedderNormalizationOutput,
      .embedderActivation, .embedderOutput,
    ]
    let convolutions = (0..<convolutionCount).flatMap {
      [Self.convolutionOutputs[$0], Self.normalizationOutputs[$0], Self.outputs[$0]]
    }
    let all = 0..<layers
    let shortcuts = blocks.indices.filter { blocks[$0].shortcut != nil }
    return stem.map { ($0, 0..<1) }
      + ([.blockInput, .conv0Input] + convolutions + [.shortcutInput]).map { ($0, all) }
      + shortcuts.map { (.shortcutConvolutionOutput, $0..<$0 + 1) }
      + [.shortcutOutput, .blockPreactivation, .blockOutput].map { ($0, all) }
      + [(.poolerOutput, 0..<1), (.logits, 0..<1)]
  }

  /// The channels of a site; of logits the classes.
  func width(of site: Site, layer: Int) -> Int {
    switch site {
    case .pixelValues: return channels
    case .embedderConvolutionOutput, .embedderNormalizationOutput, .embedderActivation,
      .embedderOutput:
      return embeddingWidth
    case .poolerOutput: return stages.last?.width ?? 0
    case .logits: return classes
    default: break
    }
    let block = blocks[layer]
    switch site {
    case .blockInput, .conv0Input, .shortcutInput: return block.inputs
    default:
      return Self.convolution(of: site).map { block.convolutions[$0].outputs } ?? block.outputs
    }
  }

  /// The convolution of a block that a site belongs to.
  private static func convolution(of site: Site) -> Int? {
    for sites in [convolutionOutputs, normalizationOutputs, outputs] {
      if let number = sites.firstIndex(of: site) { return number }
    }
    return nil
  }

  /// How an image shrinks on its way to a site.
  func extent(of site: Site, layer: Int) -> SiteExtent {
    switch site {
    case .pixelValues: return .pixels([])
    case .embedderConvolutionOutput, .embedderNormalizationOutput, .embedderActivation:
      return .pixels([stem.window])
    case .poolerOutput: return .parts(ImageSize(height: 1, width: 1))
    case .logits: return .fixed(1)
    default: break
    }
    let blocks = blocks
    var windows = [stem.window, stemPool]
    if site != .embedderOutput {
      windows += blocks[..<layer].flatMap(\.convolutions).map(\.window)
      switch site {
      case .blockInput, .conv0Input, .shortcutInput: break
      default:
        let last = Self.convolution(of: site) ?? convolutionCount - 1
        windows += blocks[layer].convolutions[...last].map(\.window)
      }
    }
    // The others are padded to leave the size as it is.
    return .pixels(windows.filter { $0.stride > 1 })
  }

  /// Every module path with its site, in the order in which the published implementation comes by
  /// them.
  var modules: [(path: String, site: Site, layer: Int)] {
    var modules: [(path: String, site: Site, layer: Int)] = []
    func add(_ site: Site, _ layer: Int, _ paths: [String]) {
      modules += paths.map { ($0, site, layer) }
    }
    func convolution(
      _ path: String, _ layer: Int, _ sites: (convolution: Site, normalization: Site)
    ) {
      add(sites.convolution, layer, ["\(path).convolution.output", "\(path).normalization.input"])
      add(sites.normalization, layer, ["\(path).normalization.output"])
    }
    let stem = "embedder.embedder"
    add(.pixelValues, 0, ["embedder.input", "\(stem).input", "\(stem).convolution.input"])
    convolution(stem, 0, (.embedderConvolutionOutput, .embedderNormalizationOutput))
    add(.embedderNormalizationOutput, 0, ["\(stem).activation.input"])
    add(
      .embedderActivation, 0,
      ["\(stem).activation.output", "\(stem).output", "embedder.pooler.input"])
    add(.embedderOutput, 0, ["embedder.pooler.output", "embedder.output", "encoder.input"])
    for (layer, block) in blocks.enumerated() {
      let (path, stage) = (block.path, "encoder.stages.\(block.stage)")
      add(.blockInput, layer, (block.number == 0 ? ["\(stage).input"] : []) + ["\(path).input"])
      add(
        .conv0Input, layer,
        ["\(path).layer.input", "\(path).layer.0.input", "\(path).layer.0.convolution.input"])
      for number in block.convolutions.indices {
        let own = "\(path).layer.\(number)"
        if number > 0 {
          add(Self.outputs[number - 1], layer, ["\(own).input", "\(own).convolution.input"])
        }
        convolution(
          own, layer, (Self.convolutionOutputs[number], Self.normalizationOutputs[number]))
        add(Self.normalizationOutputs[number], layer, ["\(own).activation.input"])
        add(Self.outputs[number], layer, ["\(own).activation.output", "\(own).output"])
      }
      add(Self.outputs[block.convolutions.count - 1], layer, ["\(path).layer.output"])
      let shortcut = "\(path).shortcut"
      add(.shortcutInput, layer, ["\(shortcut).input"])
      if block.shortcut != nil {
        add(.shortcutInput, layer, ["\(shortcut).convolution.input"])
        convolution(shortcut, layer, (.shortcutConvolutionOutput, .shortcutOutput))
      }
      add(.shortcutOutput, layer, ["\(shortcut).output"])
      add(.blockPreactivation, layer, ["\(path).activation.input"])
      add(.blockOutput, layer, ["\(path).activation.output", "\(path).output"])
      if block.number == stages[block.stage].depth - 1 {
        add(.blockOutput, layer, ["\(stage).output"])
      }
    }
    add(.blockOutput, layers - 1, ["pooler.input"])
    add(
      .poolerOutput, 0,
      ["pooler.output"] + ["input", "0.input", "0.output", "1.input"].map { "classifier.\($0)" })
    add(.logits, 0, ["classifier.1.output", "classifier.output"])
    return modules
  }

  /// A module path of a site, as transformers writes it: `resnet.encoder.stages[0].layers[1].output`.
  func modulePath(of site: Site, layer: Int) -> String? {
    modulePathOf(site, layer).map(Self.published)
  }

  /// The module whose value the site is, rather than one inside it or around it.
  private func modulePathOf(_ site: Site, _ layer: Int) -> String? {
    let own = modules.filter { $0.site == site && $0.layer == layer }.map(\.path)
    if site == .blockInput || site == .blockOutput {
      let path = blocks[layer].path
      if let inBlock = own.last(where: { $0 == "\(path).input" || $0 == "\(path).output" }) {
        return inBlock
      }
    }
    let outputs = own.filter { $0.hasSuffix(".output") && !$0.hasSuffix(".layer.output") }
    return (outputs.isEmpty ? own : outputs).min { ($0.count, $0) < ($1.count, $1) }
  }

  static func published(_ path: String) -> String {
    let parts = path.split(separator: ".").map { Int($0) == nil ? ".\($0)" : "[\($0)]" }
    return (path.hasPrefix("classifier") ? "" : "resnet.") + parts.joined().dropFirst()
  }

  private static let outside: Set<Site> = [
    .pixelValues, .embedderConvolutionOutput, .embedderNormalizationOutput, .embedderActivation,
    .embedderOutput, .poolerOutput, .logits,
  ]

  /// The name of a site of a block: `stage.1.layer.0.block_output`, `stage.1.layer.0.conv.2.output`.
  package func name(of site: Site, layer: Int) -> String {
    if Self.outside.contains(site) { return site.rawValue }
    let block = blocks[layer]
    let own = Self.outputs.firstIndex(of: site).map { "conv.\($0).output" } ?? site.rawValue
    return "stage.\(block.stage).layer.\(block.number).\(own)"
  }

  /// The names of all sites of blocks.
  var names: [String] {
    siteLayers.flatMap { site, layers in layers.map { name(of: site, layer: $0) } }
      .filter { $0.hasPrefix("stage.") }
  }

  /// The site at a module path, with or without `resnet.` before it, or by its name in a block.
  func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    let parts = ModulePaths.parts(of: path)
    let rest = (parts.first == "resnet" ? Array(parts.dropFirst()) : parts).joined(separator: ".")
    if let found = modules.first(where: { $0.path == rest }) { return (found.site, found.layer) }
    return siteOfBlock(parts)
  }

  private func siteOfBlock(_ parts: [String]) -> (site: Site, layer: Int)? {
    guard parts.count >= 5, parts[0] == "stage", parts[2] == "layer", let stage = Int(parts[1]),
      let number = Int(parts[3]),
      let layer = blocks.firstIndex(where: { $0.stage == stage && $0.number == number })
    else { return nil }
    guard let site = Site(rawValue: parts[4...].joined(separator: "_")),
      siteLayers.contains(where: { $0.site == site && $0.layers.contains(layer) }),
      !Self.outside.contains(site)
    else { return nil }
    return (site, layer)
  }

  /// When a run comes by a component among those that hold the same value.
  func order(ofComponent component: String) -> Int {
    let parts = ModulePaths.parts(of: component)
    let rest = (parts.first == "resnet" ? Array(parts.dropFirst()) : parts).joined(separator: ".")
    func order(of path: String, _ site: Site, _ layer: Int) -> Int {
      let own = modules.filter { $0.site == site && $0.layer == layer }
      return own.firstIndex { $0.path == path } ?? 0
    }
    if let found = modules.first(where: { $0.path == rest }) {
      return order(of: found.path, found.site, found.layer)
    }
    // A site's name stands for its module.
    let named = Site(rawValue: component).flatMap { site in
      siteLayers.first { $0.site == site }.map { (site, $0.layers.lowerBound) }
    }
    guard let (site, layer) = named ?? siteOfBlock(parts) else { return 0 }
    return modulePathOf(site, layer).map { order(of: $0, site, layer) } ?? 0
  }
}
