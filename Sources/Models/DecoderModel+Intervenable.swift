public import Autodiff
internal import Tensors

extension DecoderModel: IntervenableModel {
  /// The sites, each with its layers; those before and after all blocks have the layer 0.
  public var sites: [(site: Site, layers: Range<Int>)] {
    (Site.decoderSites + furtherSites).map { ($0, 0..<($0.isInBlock ? shape.layers : 1)) }
  }

  /// Sites that the model's module paths name and the reference's vocabulary does not.
  private var furtherSites: [Site] {
    let isFused = names.place(of: .layer(0, .query)).part.of > 1
    let isGated = shape.mlp == .gated(shape.mlp.activation)
    return [.tokenEmbeddingOutput] + (positionEmbedding == nil ? [] : [.positionEmbeddingOutput])
      + (isFused ? [.qkvOutput] : [.keyInput, .valueInput]) + [.residualMiddle, .mlpPreactivation]
      + (isGated ? [.mlpUpInput, .mlpUpOutput, .mlpProduct] : []) + [.finalNormOutput, .logits]
  }

  public func width(of site: Site) -> Int { shape.width(of: site) }
  public func heads(of site: Site) -> Int? { shape.heads(of: site) }

  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    guard let place = ModulePaths.site(of: path, names.architecture, layers: shape.layers),
      sites.contains(where: { $0.site == place.site && $0.layers.contains(place.layer) })
    else { return nil }
    return place
  }

  public func order(ofComponent component: String) -> Int {
    ModulePaths.order(of: component, names.architecture)
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    ModulePaths.paths(names.architecture, ofLayer: layer, layers: shape.layers)
  }

  public func showing(_ sites: Set<Site>) -> DecoderModel {
    var model = self
    model.shown = sites.intersection([.qkvOutput, .finalNormOutput, .logits])
    return model
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
      }
    let stream = blocks(0..<shape.layers, stream(of: embeddings, in: run), in: run)
    return logits(stream, in: run)
  }
}
