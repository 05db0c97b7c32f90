public import Autodiff
internal import Tensors

extension DecoderModel: IntervenableModel {
  /// The sites, each with its layers; those before and after all blocks have the layer 0.
  public var sites: [(site: Site, layers: Range<Int>)] {
    let isFused = !(names.family.names.block[.query]?.fused.isEmpty ?? true)
    let outside: [Site] =
      [.tokenEmbeddingOutput] + (front.positions == nil ? [] : [.positionEmbeddingOutput])
      + (isFused ? [.qkvOutput] : [.keyInput, .valueInput])
    return (shape.namedSites + outside + shape.furtherBlockSites + [.finalNormOutput, .logits]).map {
      ($0, 0..<($0.isInBlock ? shape.layers : 1))
    }
  }

  public func width(of site: Site) -> Int { shape.width(of: site) }
  public func heads(of site: Site) -> Int? { shape.heads(of: site) }

  private var paths: ModulePaths.Names { names.family.names.paths(shape) }

  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    guard let place = ModulePaths.site(of: path, paths, layers: shape.layers),
      sites.contains(where: { $0.site == place.site && $0.layers.contains(place.layer) })
    else { return nil }
    return place
  }

  public func order(ofComponent component: String) -> Int {
    ModulePaths.order(of: component, paths)
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    ModulePaths.paths(paths, ofLayer: layer, layers: shape.layers)
  }

  public func showing(_ sites: Set<Site>) -> DecoderModel {
    var model = self
    model.shown = sites.intersection([.qkvOutput, .finalNormOutput, .logits])
    return model
  }

  /// Where the columns of queries, keys and values stand in the published projection, and back; nil
  /// where they stand side by side.
  var fusedColumns: (published: [Int], own: [Int])? {
    guard names.family.names.block[.query]?.fusion == .byHead else { return nil }
    var published: [Int] = []
    var start = 0
    for module in [BlockModule.query, .key, .value] {
      let count = shape.size(of: .block(module, 0))?.first ?? 0
      let rows = names.place(of: .block(module, 0), shape).rows
      published += (0..<count).map { rows?[$0] ?? start + $0 }
      start += count
    }
    // `published` has the stored column of each of ours; its inverse brings ours into that order.
    var inverse = [Int](repeating: 0, count: published.count)
    for (own, stored) in published.enumerated() { inverse[stored] = own }
    return (inverse, published)
  }

  public func run(
    _ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    let batch = Batch(lengths: inputs.lengths)
    let places = RowPlaces(batch)
    let run = Run<Scalar>(batch, tape: tape) { site, layer, value in
      let here = SiteValue(site: site, layer: layer, value: value, places: places)
      return visit?(here) ?? value
    }
    let embeddings =
      switch inputs {
      case .tokens(let tokens): tokenEmbeddings(tokens.flatMap(\.self), on: tape)
      case .embeddings(let embeddings): Variable(.concatenated(embeddings))
      case .images: preconditionFailure("the model does not read images")
      }
    let stream = blocks(0..<shape.layers, stream(of: embeddings, in: run), in: run)
    return logits(stream, in: run)
  }
}
