internal import Cluster
internal import Inputs
internal import Models

/// Orthonormal directions at one layer, those first whose ablation moves the logits most.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1.
public struct CausalBasis: Sendable, Equatable {
  /// The layer whose activations the directions span.
  public let layer: Int
  /// `[directions][width of the site]`, orthonormal to 1e-5.
  public let vectors: [[Float]]
  /// What ablating each direction alone does: the mean over activations of KL(p ‖ q), in nats,
  /// with p the distribution over tokens without the ablation and q that with it. Falling.
  public let energies: [Double]
  /// The same for the first 1, 2, … directions ablated together.
  public let curve: [Double]
  /// The same for as many random orthonormal directions: what `curve` is to be compared with.
  public let randomCurve: [Double]
}

/// What a causal basis is looked for by; every field changes its numbers.
public struct CausalBasisSettings: Sendable, Equatable {
  /// Directions of each layer, at most.
  public var directions = 1
  /// A direction whose energy is lower is a layer's last, in nats.
  public var minimumEnergy = 0.0
  public var mode = AblationMode.mean
  /// Starts of each direction's search, of which the best end is kept.
  ///
  /// The first is the direction that logits read most, by the singular values of the output head;
  /// the others are random.
  public var restarts = 1
  /// Of random starts, of the derangement and of the random directions beside the curve.
  public var seed: UInt64 = 0
  public var search = DirectionSearchSettings()
  /// Tokens that go through the model together, at most, unless one text has more.
  public var microbatchRows = 128
  /// The first tokens of each text that are neither ablated nor measured.
  public var skippedPositions = 0

  public init() {}

  func microbatches(_ texts: [[Int]]) -> TextMicrobatches {
    TextMicrobatches(texts, rows: microbatchRows, skipping: skippedPositions)
  }
}

/// The work of a basis, in units that a run keeps.
enum BasisUnit: Sendable, Hashable {
  /// A search for a layer's next direction, from one start.
  case search(layer: Int, direction: Int, restart: Int)
  /// The energies of the first directions together, of a layer that is searched.
  case curve(layer: Int)

  var layer: Int {
    switch self {
    case .search(let layer, _, _), .curve(let layer): layer
    }
  }

  /// All units of one basis, numbered by place.
  struct Numbering: Sendable {
    /// In rising order.
    let layers: [Int]
    let directions: Int
    let restarts: Int

    init(layers: [Int], _ settings: CausalBasisSettings) {
      (self.layers, directions, restarts) = (layers, settings.directions, settings.restarts)
    }

    var searches: Int { layers.count * directions * restarts }
    var count: Int { searches + layers.count }

    /// The number of a unit whose layer is among the layers.
    func number(of unit: BasisUnit) -> Int {
      switch unit {
      case .search(let layer, let direction, let restart):
        (place(of: layer) * directions + direction) * restarts + restart
      case .curve(let layer): searches + place(of: layer)
      }
    }

    /// The unit of a number; nil past the last.
    subscript(number: Int) -> BasisUnit? {
      guard (0..<count).contains(number) else { return nil }
      guard number < searches else { return .curve(layer: layers[number - searches]) }
      let (rest, restart) = number.quotientAndRemainder(dividingBy: restarts)
      let (place, direction) = rest.quotientAndRemainder(dividingBy: directions)
      return .search(layer: layers[place], direction: direction, restart: restart)
    }

    private func place(of layer: Int) -> Int {
      guard let place = layers.firstIndex(of: layer) else {
        preconditionFailure("layer \(layer) is not among \(layers)")
      }
      return place
    }
  }
}

/// What a unit of a basis found.
enum BasisResult: Sendable, Equatable {
  case direction(DirectionSearch.Found)
  case curve(own: [Double], random: [Double])

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
