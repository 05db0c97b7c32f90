public import Autodiff
public import Tensors

/// Which example and position each row of a site's value belongs to.
public struct RowPlaces: Sendable {
  /// For each example the rows of its positions from `firstPosition` on.
  private let rows: [[Int?]]
  private let firstPositions: [Int]

  /// The rows of a packed batch, or of those of its rows that `queries` lists.
  public init(_ batch: Batch, queries: [Int]? = nil) {
    let place = queries.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) }) }
    rows = batch.sequences.map { $0.rows.map { place == nil ? $0 : place?[$0] } }
    firstPositions = batch.sequences.map(\.firstPosition)
  }

  /// One row an example, all at one time step.
  public init(examples: Int, step: Int) {
    rows = (0..<examples).map { [$0] }
    firstPositions = Array(repeating: step, count: examples)
  }

  /// At one time step, one row for each example that runs it.
  public init(steps: [Range<Int>], step: Int) {
    var next = 0
    rows = steps.map { own in
      guard own.contains(step) else { return [] }
      defer { next += 1 }
      return [next]
    }
    firstPositions = Array(repeating: step, count: steps.count)
  }

  /// Rows of each example from a first position on; nil where the value has none.
  public init(rows: [[Int?]], firstPositions: [Int]) {
    precondition(rows.count == firstPositions.count, "a first position for each example")
    self.rows = rows
    self.firstPositions = firstPositions
  }

  public var exampleCount: Int { rows.count }

  /// The positions of an example that have rows, in order.
  public func positions(of example: Int) -> Range<Int> {
    firstPositions[example]..<firstPositions[example] + rows[example].count
  }

  /// The row of an example's position; nil where the value has none.
  public func row(example: Int, position: Int) -> Int? {
    guard positions(of: example).contains(position) else { return nil }
    return rows[example][position - firstPositions[example]]
  }
}

/// A value made at a site, on its way through a model.
public struct SiteValue<Scalar: Real> {
  public let site: Site
  public let layer: Int
  /// `[rows, width of the site]`; of attention weights `[queries, heads · keys]`.
  public let value: Variable<Scalar>
  public let places: RowPlaces

  public init(site: Site, layer: Int, value: Variable<Scalar>, places: RowPlaces) {
    self.site = site
    self.layer = layer
    self.value = value
    self.places = places
  }
}

/// What a model is run on, example by example, of any lengths.
public indirect enum ModelInputs<Scalar: Real>: Sendable {
  case tokens([[Int]])
  /// Tokens, and the kind of segment of each.
  case segments([[Int]], kinds: [[Int]])
  /// Each `[positions, width]`, in place of the token embeddings.
  case embeddings([Tensor<Scalar>])
  /// Each `[channels, height, width]`.
  case images([Tensor<Scalar>])
  /// Each `[channels, frames]`: what a sound is made into.
  case features([Tensor<Scalar>])
  /// What an encoder reads, and the tokens of the decoder that attends to what it gives.
  case pairs(ModelInputs, decoder: [[Int]])

  /// Positions of each example; of pairs, those of the decoder's tokens. An image is one until a model
  /// cuts it.
  public var lengths: [Int] {
    switch self {
    case .tokens(let tokens), .segments(let tokens, _): tokens.map(\.count)
    case .embeddings(let embeddings): embeddings.map(\.rows)
    case .images(let images): images.map { _ in 1 }
    case .features(let features): features.map(\.width)
    case .pairs(_, let tokens): tokens.map(\.count)
    }
  }

  /// Positions of each example, on both sides of pairs, and the sizes of images.
  public var extents: InputLengths {
    switch self {
    case .pairs(let read, _): InputLengths(lengths, encoder: read.lengths)
    case .images(let images):
      InputLengths(
        lengths, images: images.map { ImageSize(height: $0.shape[1], width: $0.shape[2]) })
    case .tokens, .segments, .embeddings, .features: InputLengths(lengths)
    }
  }

  /// Positions of all examples together; of pairs, those of both sides.
  package var positionCount: Int {
    switch self {
    case .pairs(let read, let tokens): read.positionCount + tokens.reduce(0) { $0 + $1.count }
    case .tokens, .segments, .embeddings, .images, .features: lengths.reduce(0, +)
    }
  }
}

extension ModelInputs {
  /// The examples of the given numbers, in their order.
  public func examples(_ numbers: [Int]) -> ModelInputs {
    func chosen<T>(_ list: [T]) -> [T] { numbers.map { list[$0] } }
    return switch self {
    case .tokens(let tokens): .tokens(chosen(tokens))
    case .segments(let tokens, let kinds): .segments(chosen(tokens), kinds: chosen(kinds))
    case .embeddings(let embeddings): .embeddings(chosen(embeddings))
    case .images(let images): .images(chosen(images))
    case .features(let features): .features(chosen(features))
    case .pairs(let read, let tokens): .pairs(read.examples(numbers), decoder: chosen(tokens))
    }
  }
}

/// A model whose activations can be read and changed on their way.
public protocol IntervenableModel<Scalar>: Sendable {
  associatedtype Scalar: Real

  /// The sites that the model has, each with the layers at which it has it.
  var sites: [(site: Site, layers: Range<Int>)] { get }

  /// The elements of one row at a site, and the heads it splits into, if any.
  func width(of site: Site) -> Int
  func heads(of site: Site) -> Int?

  /// The elements of one row at a site in a layer, where layers differ.
  func width(of site: Site, layer: Int) -> Int

  /// How many positions examples have at a site in a layer.
  func extent(of site: Site, layer: Int) -> SiteExtent

  /// How many keys examples have at a site that has a number for each key.
  func keyExtent(of site: Site) -> SiteExtent

  /// The site that a published module path stands for, such as `transformer.h[3].mlp.output`.
  func site(atModulePath path: String) -> (site: Site, layer: Int)?

  /// The site in whose rows another's stand, and its columns there; nil of a site that is no part of
  /// one that a run shows.
  func part(_ site: Site) -> (whole: Site, columns: Range<Int>)?

  /// A module path that stands for a site of a layer, the shortest; nil where the value has no module
  /// of its own.
  func modulePath(of site: Site, layer: Int) -> String?

  /// When a run of the published implementation comes by a component among those that hold the same
  /// value, such as a module inside another and that one's output; smaller is earlier.
  ///
  /// - Parameter component: The name of a site or a module path.
  func order(ofComponent component: String) -> Int

  /// Module paths that stand for sites of a layer, to name the nearest where one is misspelt.
  func modulePaths(ofLayer layer: Int) -> [String]

  /// The model with the given sites among those that its runs come by.
  ///
  /// Some sites cost something to show, such as a projection of three parts that is otherwise never
  /// one value; runs come by them only if they are asked for here.
  func showing(_ sites: Set<Site>) -> Self

  /// What a changed run can take from the unchanged run of the same inputs.
  var continuation: Continuation<Scalar> { get }

  /// Runs the model on a batch.
  ///
  /// - Parameter visit: Called at each site with its unsplit value; gives the value to go on with.
  /// - Returns: Logits: of a decoder `[rows, vocabulary]`, packed like the inputs; of a classifier
  ///   `[examples, classes]`.
  func run(
    _ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar>
}

extension IntervenableModel {
  public var continuation: Continuation<Scalar> { .none }
  public func width(of site: Site, layer: Int) -> Int { width(of: site) }
  public func extent(of site: Site, layer: Int) -> SiteExtent { .inputs }
  public func keyExtent(of site: Site) -> SiteExtent { extent(of: site, layer: 0) }
  public func order(ofComponent component: String) -> Int { 0 }
  public func modulePath(of site: Site, layer: Int) -> String? {
    modulePaths(ofLayer: layer)
      .filter { self.site(atModulePath: $0).map { $0 == (site.unsplit, layer) } ?? false }
      .min { ($0.count, $0) < ($1.count, $1) }
  }
  public func part(_ site: Site) -> (whole: Site, columns: Range<Int>)? {
    guard let (whole, index, count) = site.part, sites.contains(where: { $0.site == whole }) else {
      return nil
    }
    let width = width(of: whole) / count
    return (whole, index * width..<(index + 1) * width)
  }
  public func modulePaths(ofLayer layer: Int) -> [String] { [] }
  public func showing(_ sites: Set<Site>) -> Self { self }
}

extension IntervenableModel {
  /// The names of the sites, each once, in the order in which a run first comes by them.
  package var siteNames: [String] {
    var known: Set<Site> = []
    return sites.filter { known.insert($0.site).inserted }.map(\.site.rawValue)
  }
}
