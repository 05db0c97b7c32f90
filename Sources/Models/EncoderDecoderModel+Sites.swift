internal import Autodiff
internal import Tensors

extension EncoderDecoderModel: IntervenableModel {
  /// The sites of both stacks, each with its layers.
  public var sites: [(site: Site, layers: Range<Int>)] {
    func own(_ model: DecoderModel<Scalar>, _ stack: Site.Stack) -> [(Site, Range<Int>)] {
      model.sites.map { ($0.site.of(stack), $0.layers) }.filter { $0.0.stack != nil }
    }
    return own(encoder, .encoder) + own(decoder, .decoder)
      + Site.allCases.filter { $0.stack == .cross }.map { ($0, 0..<shape.decoder.layers) }
      + [(.logits, 0..<1)]
  }

  public var continuation: Continuation<Scalar> { .stacks(self) }
  public func width(of site: Site) -> Int { shape.width(of: site) }
  public func heads(of site: Site) -> Int? { shape.heads(of: site) }
  public func extent(of site: Site, layer: Int) -> SiteExtent { shape.extent(of: site) }
  public func keyExtent(of site: Site) -> SiteExtent { shape.keyExtent(of: site) }

  public func showing(_ sites: Set<Site>) -> EncoderDecoderModel {
    var model = self
    model.decoder = decoder.showing(Set(sites.filter { $0.stack != .encoder }.map(\.own)))
    return model
  }

  /// The published modules of both stacks.
  private var paths: [(names: ModulePaths.Names, layers: Int)] {
    [(encoder, Site.Stack.encoder), (decoder, .decoder)].map { model, stack in
      (model.names.modules.paths(model.shape, of: stack), model.shape.layers)
    }
  }

  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    for (names, layers) in paths {
      if let place = ModulePaths.site(of: path, names, layers: layers),
        sites.contains(where: { $0.site == place.site && $0.layers.contains(place.layer) })
      {
        return place
      }
    }
    return nil
  }

  /// A path that stands for a site; nil where the value has no module of its own.
  public func modulePath(of site: Site, layer: Int) -> String? {
    paths.lazy.compactMap { ModulePaths.path(of: site, layer: layer, $0.names) }.first
  }

  public func order(ofComponent component: String) -> Int {
    let isOfEncoder =
      (Site(rawValue: component) ?? site(atModulePath: component)?.site)?.stack == .encoder
    return ModulePaths.order(of: component, paths[isOfEncoder ? 0 : 1].names)
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    paths.flatMap { ModulePaths.paths($0.names, ofLayer: layer, layers: $0.layers) }.sorted()
  }
}

extension ModuleNames {
  /// The published paths of a stack's sites; all begin with what the stack is called.
  fileprivate func paths(_ shape: DecoderShape, of stack: Site.Stack) -> ModulePaths.Names {
    let own = paths(shape)
    func named(_ site: Site) -> Site { site.stack == nil ? site.of(stack) : site }
    return ModulePaths.Names(
      // Without the stack's name a path could be either's.
      prefixes: own.prefixes.filter { !$0.isEmpty }, list: own.list,
      inBlock: own.inBlock.map { ($0.key, named($0.value)) },
      outside: own.outside.filter { !$0.isBare || stack == .decoder }.map {
        .init(key: $0.key, site: named($0.site), isLast: $0.isLast, isBare: $0.isBare)
      })
  }
}
