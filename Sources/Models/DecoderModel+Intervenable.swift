public import Autodiff
internal import Tensors

extension DecoderModel: IntervenableModel {
  /// The sites, each with its layers; those before and after all blocks have the layer 0.
  public var sites: [(site: Site, layers: Range<Int>)] {
    let isFused = !(names.modules.block[.query]?.fused.isEmpty ?? true)
    let outside: [Site] =
      [.tokenEmbeddingOutput] + (front.positions == nil ? [] : [.positionEmbeddingOutput])
      + (isFused ? [.qkvOutput] : [.keyInput, .valueInput])
    return
      (shape.namedSites + outside + shape.furtherBlockSites
      + (shape.finalNorm == nil ? [] : [.finalNormOutput])
      + (shape.head.hasMatrix ? [.logits] : [])).flatMap { site in
        (site.isInBlock ? shape.layers(with: site) : [0..<1]).map { (site, $0) }
      }
  }

  public var continuation: Continuation<Scalar> { .blocks(self) }
  public func width(of site: Site) -> Int { shape.width(of: site) }
  public func heads(of site: Site) -> Int? { shape.heads(of: site) }
  public func extent(of site: Site, layer: Int) -> SiteExtent {
    site == .logits && shape.head.isOfFirstRow ? .fixed(1) : shape.extent
  }

  private var paths: ModulePaths.Names { names.modules.paths(shape) }

  public func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    guard let place = ModulePaths.site(of: path, paths, layers: shape.layers),
      sites.contains(where: { $0.site == place.site && $0.layers.contains(place.layer) })
    else { return nil }
    return place
  }

  /// Queries, keys and values stand side by side where one matrix makes them so.
  public func part(_ site: Site) -> (whole: Site, columns: Range<Int>)? {
    guard site.part != nil, let name = names.modules.block[.query], !name.fused.isEmpty,
      name.fusion == .sideBySide
    else { return nil }
    let (queries, keys) = (shape.queryWidth, shape.keyWidth)
    return switch site.unsplit {
    case .queryOutput: (.qkvOutput, 0..<queries)
    case .keyOutput: (.qkvOutput, queries..<queries + keys)
    default: (.qkvOutput, queries + keys..<queries + 2 * keys)
    }
  }

  public func modulePath(of site: Site, layer: Int) -> String? {
    ModulePaths.path(of: site, layer: layer, paths)
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
    guard names.modules.block[.query]?.fusion == .byHead else { return nil }
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
    let batch = batch(of: inputs)
    let places = RowPlaces(batch)
    let examples = RowPlaces(examples: batch.sequences.count, step: 0)
    let run = Run<Scalar>(batch, tape: tape) { [isClassifier = shape.head.isOfFirstRow] in
      let (site, layer, value) = ($0, $1, $2)
      let isOfExamples = isClassifier && site == .logits
      let here = SiteValue(
        site: site, layer: layer, value: value, places: isOfExamples ? examples : places)
      return visit?(here) ?? value
    }
    let start = stream(of: embeddings(of: inputs, on: tape), in: run)
    let stream = blocks(0..<shape.layers, start, in: run)
    return logits(stream, in: run)
  }
}
