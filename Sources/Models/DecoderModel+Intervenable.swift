public import Autodiff
internal import Tensors

extension DecoderModel: IntervenableModel {
  public var sites: [(site: Site, layers: Range<Int>)] {
    Site.decoderSites.map { ($0, 0..<shape.layers) }
  }

  public func width(of site: Site) -> Int { shape.width(of: site) }
  public func heads(of site: Site) -> Int? { shape.heads(of: site) }

  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    ModulePaths.site(of: path, layers: shape.layers)
  }

  public func modulePaths(ofLayer layer: Int) -> [String] {
    (0..<shape.layers).contains(layer) ? ModulePaths.paths(ofLayer: layer) : []
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
    return logits(stream, on: tape)
  }
}
