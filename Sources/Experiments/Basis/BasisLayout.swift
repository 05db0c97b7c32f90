internal import Inputs
internal import Models
internal import ResultsStore

/// The names, shapes and labels of a basis job's arrays, `results.zarr`.
///
/// Nothing in them depends on ranks, hosts or times.
struct BasisLayout {
  let spec: BasisSpec
  let layers: [Int]
  /// Of the site.
  let width: Int

  private var settings: CausalBasisSettings { spec.basis.settings }

  /// - Parameter text: The canonical specification, which the root's attributes hold.
  func root(spec text: String) throws(Refusal) -> ZarrGroup {
    let level = ZarrCompression.zstd(level: spec.save.level)
    var arrays: [String: ZarrArraySpec] = [:]
    func add(
      _ name: String, _ type: ZarrDataType, _ axes: [(String, Int)], _ description: String = ""
    ) throws(Refusal) {
      let shape = axes.map(\.1)
      // Everything of a layer is a file, written once.
      let chunks = axes.count > 1 ? [1] + shape.dropFirst() : shape
      arrays[name] = try ZarrArraySpec(
        type, shape: shape, chunks: chunks, dimensions: axes.map(\.0),
        fill: type == .int32 ? -1 : 0,
        compression: level,
        attributes: description.isEmpty
          ? [] : [Attribute.Member("description", .text(description))])
    }
    let (layer, direction) = (("layer", layers.count), ("direction", settings.directions))
    let (search, restart) = (("search", settings.directions), ("restart", settings.restarts))
    for axis in [layer, direction, ("channel", width), search, restart] {
      try add(axis.0, .int32, [axis])
    }
    try add(
      "vectors", .float32, [layer, direction, ("channel", width)],
      "orthonormal directions, the one of most energy first")
    try add(
      "energy", .float32, [layer, direction],
      "mean KL divergence of the logits' distribution when the direction is ablated, in nats")
    try add(
      "ablation", .float32, [layer, direction],
      "the same when this direction and all before it are ablated together")
    try add(
      "random_ablation", .float32, [layer, direction],
      "the same for as many random orthonormal directions")
    try add(
      "search_energy", .float32, [layer, search, restart],
      "energy that each search ended with, in the order of the searches")
    try add(
      "evaluations", .int32, [layer, search, restart],
      "evaluations of the energy that each search took")
    return ZarrGroup(
      attributes: [
        Attribute.Member("kind", .text(BasisSpec.kind)),
        Attribute.Member("model", .text(spec.model.path.written)),
        Attribute.Member("spec", .text(text)),
      ],
      arrays: arrays, groups: [:])
  }

  /// The coordinates, which follow from the job.
  var axes: [(name: String, values: ArrayValues)] {
    func index(_ name: String, _ count: Int) -> (String, ArrayValues) {
      (name, .integers((0..<count).map { Int32($0) }))
    }
    return [
      ("layer", .integers(layers.map { Int32($0) })), index("direction", settings.directions),
      index("channel", width), index("search", settings.directions),
      index("restart", settings.restarts),
    ]
  }

  /// What the arrays hold of a layer whose units are all known.
  func arrays(of layer: BasisLayer) -> [(name: String, values: ArrayValues)] {
    let (basis, count) = (layer.basis, settings.directions)
    func padded(_ values: [Double]) -> ArrayValues {
      .floats(values.map { Float($0) } + Array(repeating: .nan, count: count - values.count))
    }
    let missing = [Float](repeating: .nan, count: (count - basis.vectors.count) * width)
    return [
      ("vectors", .floats(basis.vectors.flatMap(\.self) + missing)),
      ("energy", padded(basis.energies)), ("ablation", padded(basis.curve)),
      ("random_ablation", padded(basis.randomCurve)),
      ("search_energy", .floats(layer.searches.map { $0.map { Float($0.energy) } ?? .nan })),
      (
        "evaluations",
        .integers(
          layer.searches.map { $0.map { Int32(clamping: $0.evaluations) } ?? -1 })
      ),
    ]
  }

  /// The index of a layer's file.
  static func index(_ place: Int, _ array: ZarrArray) -> [Int] {
    [place] + array.spec.shape.dropFirst().map { _ in 0 }
  }
}

/// A layer's basis, and the searches that led to it.
struct BasisLayer: Sendable {
  let basis: CausalBasis
  /// By direction and restart; nil where a low energy ended the layer before.
  let searches: [DirectionSearch.Found?]

  /// What is known of a layer: its basis once all its units are, else how many there are.
  ///
  /// - Parameter known: The result of a unit by its number.
  init?(
    _ layer: Int, _ numbering: BasisUnit.Numbering, _ settings: CausalBasisSettings,
    known: (Int) -> BasisResult?
  ) {
    struct Missing: Error {}
    let work = LayerBasis(
      layer: layer, settings: settings, starts: nil)
    do {
      basis = try work.basis { unit, _ in
        guard let result = known(numbering.number(of: unit)) else { throw Missing() }
        return result
      }
    } catch { return nil }
    searches = (0..<settings.directions * settings.restarts).map { place in
      let (direction, restart) = place.quotientAndRemainder(dividingBy: settings.restarts)
      let unit = BasisUnit.search(layer: layer, direction: direction, restart: restart)
      guard case .direction(let found)? = known(numbering.number(of: unit)) else { return nil }
      return found
    }
  }
}
