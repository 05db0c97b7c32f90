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

  package func microbatches(_ texts: [[Int]]) -> TextMicrobatches {
    TextMicrobatches(texts, rows: microbatchRows, skipping: skippedPositions)
  }
}

/// The work of a basis, in units that a run keeps.
package enum BasisUnit: Sendable, Hashable {
  /// A search for a layer's next direction, from one start.
  case search(layer: Int, direction: Int, restart: Int)
  /// The energies of the first directions together, of a layer that is searched.
  case curve(layer: Int)

  package var layer: Int {
    switch self {
    case .search(let layer, _, _), .curve(let layer): layer
    }
  }

  /// All units of one basis, numbered by place.
  package struct Numbering: Sendable {
    /// In rising order.
    package let layers: [Int]
    package let directions: Int
    package let restarts: Int

    package init(layers: [Int], _ settings: CausalBasisSettings) {
      (self.layers, directions, restarts) = (layers, settings.directions, settings.restarts)
    }

    package var searches: Int { layers.count * directions * restarts }
    package var count: Int { searches + layers.count }

    /// The number of a unit whose layer is among the layers.
    package func number(of unit: BasisUnit) -> Int {
      switch unit {
      case .search(let layer, let direction, let restart):
        (place(of: layer) * directions + direction) * restarts + restart
      case .curve(let layer): searches + place(of: layer)
      }
    }

    /// The unit of a number; nil past the last.
    package subscript(number: Int) -> BasisUnit? {
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
package enum BasisResult: Sendable, Equatable {
  case direction(DirectionSearch.Found)
  case curve(own: [Double], random: [Double])
}
