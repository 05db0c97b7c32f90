internal import Cluster
internal import Foundation
internal import Inputs
internal import Lenses
internal import ResultsStore

/// What a basis' units, arrays and figures hang on beside its job.
struct BasisOutline: Sendable, Codable {
  /// In rising order.
  let layers: [Int]
  /// Of the site.
  let width: Int
}

/// Units and arrays of a basis: a unit is one search, or a layer's curve; everything of a layer
/// becomes known with its last unit.
struct BasisTable: Table {
  let spec: BasisSpec
  let outline: BasisOutline
  let numbering: BasisUnit.Numbering

  init(_ spec: BasisSpec, _ outline: BasisOutline) throws(Refusal) {
    let (layers, directions) = (outline.layers, spec.basis.settings.directions)
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }),
      layers.first.map({ $0 >= 0 }) ?? false, outline.width >= directions
    else {
      throw Refusal(
        .store, field: "layers", found: "\(layers.prefix(8)), width \(outline.width)",
        expected: "layers in rising order, and at least \(directions) channels")
    }
    (self.spec, self.outline) = (spec, outline)
    numbering = BasisUnit.Numbering(layers: layers, spec.basis.settings)
  }

  private var settings: CausalBasisSettings { spec.basis.settings }
  var unitCount: Int { numbering.count }
  var stepName: String { "evaluations" }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> BasisResult {
    guard let search = numbering[unit] else {
      throw Refusal(.store, field: "unit \(unit)", found: "a unit past the plan", expected: "none")
    }
    return try BasisResult(
      bytes, of: search, number: unit, width: outline.width, directions: numbering.directions)
  }

  // MARK: Units

  func decides(_ unit: Int) -> Bool { true }

  func name(of unit: Int) -> String {
    switch numbering[unit] {
    case .search(let layer, let direction, let restart)?:
      "unit \(unit) (layer \(layer), direction \(direction), start \(restart))"
    case .curve(let layer)?: "unit \(unit) (layer \(layer), the curve)"
    case nil: "unit \(unit)"
    }
  }

  /// What is known of a layer; nil until all its units are done.
  func layer(_ layer: Int, _ results: Results<BasisResult>) -> BasisLayer? {
    guard case .whole(let whole) = progress(of: layer, results) else { return nil }
    return whole
  }

  private func progress(of layer: Int, _ results: Results<BasisResult>) -> BasisLayer.Progress {
    BasisLayer.progress(layer, numbering, settings) { results[$0] }
  }

  /// One unit after the other: each search is outside of the directions found before. A layer of
  /// which a unit failed goes no further.
  func next(_ results: Results<BasisResult>) -> Phase? {
    let all = planned(results)
    for layer in numbering.layers {
      guard case .waits(for: let unit) = progress(of: layer, results), !results.hasFailed(unit)
      else {
        continue
      }
      guard
        var phase = Phase(
          "searches", of: "searches", over: [unit], results,
          {
            WorkUnit(number: $0, cost: 1)
          })
      else { continue }
      phase.total = all.count
      phase.done = all.count { results.hasEnded($0) }
      return phase
    }
    return nil
  }

  func planned(_ results: Results<BasisResult>) -> [Int] {
    numbering.layers.flatMap { layer -> [Int] in
      let curve = numbering.number(of: .curve(layer: layer))
      let searches = (0..<settings.directions).flatMap { direction in
        (0..<settings.restarts).map {
          numbering.number(of: .search(layer: layer, direction: direction, restart: $0))
        }
      }
      switch progress(of: layer, results) {
      case .whole: return searches.filter { results.isDone($0) } + [curve]
      case .waits(for: let unit) where results.hasFailed(unit):
        return searches.filter { results.hasEnded($0) } + (unit == curve ? [curve] : [])
      case .waits: return searches + [curve]
      }
    }
  }

  func progress(_ results: Results<BasisResult>) -> RunDetails {
    func text(_ value: Double) -> String { String(format: "%.4g", value) }
    var details = RunDetails()
    var layers: [Attribute] = []
    var done = 0
    for number in numbering.layers {
      let whole = layer(number, results)
      if whole != nil { done += 1 }
      let energies = whole?.basis.energies ?? energies(of: number, results)
      layers.append([
        "layer": .integer(number), "done": .flag(whole != nil),
        "energies": .list(energies.map { .number($0) }),
      ])
      guard !energies.isEmpty else { continue }
      details.lines.append(
        "layer \(number): \(energies.count) directions\(whole == nil ? " so far" : ""), energies "
          + energies.prefix(8).map(text).joined(separator: " ")
          + (energies.count > 8 ? " …" : ""))
    }
    details.lines.insert(
      "layers  \(done) of \(layers.count) done, \(layers.count - done) left"
        + (done < layers.count ? " (fewer units are needed where energies are low)" : ""), at: 0)
    details.members = [.init("layers", .list(layers))]
    return details
  }

  /// The best energies found so far of a layer that is not finished, in the order of the searches.
  private func energies(of layer: Int, _ results: Results<BasisResult>) -> [Double] {
    (0..<numbering.directions).compactMap { direction in
      (0..<numbering.restarts).compactMap { restart -> Double? in
        let unit = BasisUnit.search(layer: layer, direction: direction, restart: restart)
        guard case .direction(let found)? = results[numbering.number(of: unit)] else { return nil }
        return found.energy
      }.max()
    }
  }

  // MARK: Arrays

  var groups: [ArrayGroup] {
    let (layer, channel) = (Axis("layer", outline.layers.count), Axis("channel", outline.width))
    let direction = Axis("direction", settings.directions)
    let (search, restart) = (
      Axis("search", settings.directions), Axis("restart", settings.restarts)
    )
    func floats(_ name: String, _ axes: Axis..., says: String) -> Quantity {
      Quantity(name, .float32, axes, says, law: .finite)
    }
    return [
      ArrayGroup(
        [layer, direction, channel, search, restart].map {
          Quantity($0.name, .int32, [$0], fill: -1)
        }),
      ArrayGroup(
        over: [layer],
        [
          floats(
            "vectors", direction, channel,
            says: "orthonormal directions, the one of most energy first"),
          floats(
            "energy", direction,
            says:
              "mean KL divergence of the logits' distribution when the direction is ablated, in "
              + "nats"),
          floats(
            "ablation", direction,
            says: "the same when this direction and all before it are ablated together"),
          floats(
            "random_ablation", direction, says: "the same for as many random orthonormal directions"
          ),
          floats(
            "search_energy", search, restart,
            says: "energy that each search ended with, in the order of the searches"),
          Quantity(
            "evaluations", .int32, [search, restart],
            "evaluations of the energy that each search took", fill: -1),
        ]),
    ]
  }

  func values(
    _ group: Int, at block: [Int], _ results: Results<BasisResult>
  ) throws(Refusal) -> [ArrayValues?] {
    guard group > 0 else {
      return [
        .integers(outline.layers.map { Int32($0) }), .index(settings.directions),
        .index(outline.width), .index(settings.directions), .index(settings.restarts),
      ]
    }
    guard let layer = layer(outline.layers[block[0]], results) else {
      return groups[1].quantities.map { _ in nil }
    }
    let (basis, count) = (layer.basis, settings.directions)
    func padded(_ values: [Double]) -> ArrayValues {
      .floats(values.map { Float($0) } + Array(repeating: .nan, count: count - values.count))
    }
    let missing = [Float](repeating: .nan, count: (count - basis.vectors.count) * outline.width)
    return [
      .floats(basis.vectors.flatMap(\.self) + missing), padded(basis.energies),
      padded(basis.curve), padded(basis.randomCurve),
      .floats(layer.searches.map { $0.map { Float($0.energy) } ?? .nan }),
      .integers(layer.searches.map { $0.map { Int32(clamping: $0.evaluations) } ?? -1 }),
    ]
  }

  // MARK: Laws

  /// The largest element of VᵀV − 1 that stored directions may have.
  static let orthonormality = 1e-5

  func audit(
    _ results: Results<BasisResult>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String]) {
    var faults: [Refusal] = []
    for number in numbering.layers {
      guard let basis = layer(number, results)?.basis else { continue }
      func fault(_ found: String, _ expected: String) {
        faults.append(
          Refusal(
            .store, file: folder.journal, field: "layer \(number)", found: found,
            expected: expected))
      }
      let error = basis.orthonormalityError
      if error > Self.orthonormality {
        fault("directions that are orthonormal to \(error)", "to \(Self.orthonormality)")
      }
      let count = basis.vectors.count
      if basis.curve.count != count || basis.randomCurve.count != count {
        fault("a curve of \(basis.curve.count) for \(count) directions", "one value for each")
      }
      // The first direction alone is the curve's first point.
      if let energy = basis.energies.first, let first = basis.curve.first, energy != first {
        fault("a curve that begins with \(first)", "\(energy), the first direction's energy")
      }
    }
    return (faults, [])
  }
}

extension CausalBasis {
  /// The largest element of VᵀV − 1.
  var orthonormalityError: Double {
    var worst = 0.0
    for (i, a) in vectors.enumerated() {
      for (j, b) in vectors[...i].enumerated() {
        let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        worst = max(worst, abs(product - (i == j ? 1 : 0)))
      }
    }
    return worst
  }
}

extension BasisResult {
  var bytes: [UInt8] {
    switch self {
    case .direction(let found):
      return Self.bytes([found.energy, Double(found.evaluations)])
        + ByteWriter.bytes(of: found.vector)
    case .curve(let own, let random): return Self.bytes(own + random)
    }
  }

  /// - Parameter width: Of the site.
  /// - Throws: Where the bytes are not of such a unit.
  init(_ bytes: [UInt8], of unit: BasisUnit, number: Int, width: Int, directions: Int)
    throws(Refusal)
  {
    func refusal(_ found: String, _ expected: String) -> Refusal {
      Refusal(.store, field: "unit \(number)", found: found, expected: expected)
    }
    switch unit {
    case .search:
      guard bytes.count == 16 + 4 * width else {
        throw refusal("a direction of \(bytes.count) bytes", "\(16 + 4 * width) bytes")
      }
      let numbers = Self.doubles(bytes[..<16])
      let vector = ByteWriter.floats(bytes, from: 16)
      guard numbers[0].isFinite, let evaluations = Int(exactly: numbers[1]),
        vector.allSatisfy(\.isFinite)
      else { throw refusal("a direction that is not finite", "finite numbers") }
      self = .direction(
        DirectionSearch.Found(vector: vector, energy: numbers[0], evaluations: evaluations))
    case .curve:
      guard bytes.count % 16 == 0, (1...directions).contains(bytes.count / 16) else {
        throw refusal("a curve of \(bytes.count) bytes", "16 bytes for each direction")
      }
      let numbers = Self.doubles(bytes[...])
      guard numbers.allSatisfy(\.isFinite) else {
        throw refusal("a curve that is not finite", "finite numbers")
      }
      let half = numbers.count / 2
      self = .curve(own: Array(numbers[..<half]), random: Array(numbers[half...]))
    }
  }

  private static func bytes(_ values: [Double]) -> [UInt8] {
    RunStart.encode(values.map { Int(truncatingIfNeeded: $0.bitPattern) })
  }

  private static func doubles(_ bytes: ArraySlice<UInt8>) -> [Double] {
    RunStart.decode(Array(bytes)).map { Double(bitPattern: UInt64(bitPattern: Int64($0))) }
  }
}
