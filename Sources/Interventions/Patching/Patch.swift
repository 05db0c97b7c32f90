public import Models
public import Tensors

/// One changed run of a sweep: a base run in which values are replaced.
public struct Patch: Sendable {
  /// The run that is changed.
  public var base: Int
  /// Work together; of two that set the same number the later one stays.
  public let touches: [Touch]

  public init(base: Int, _ touches: [Touch]) {
    (self.base, self.touches) = (base, touches)
  }
}

/// A site at which a run is changed, where, and what the value becomes.
public struct Touch: Sendable {
  public let site: Site
  /// The layers in which the value is replaced: one, or a window.
  public let layers: Range<Int>
  public let positions: [Int]
  public let coordinates: PatchCoordinates
  public let value: PatchValue

  public init(
    _ site: Site, layers: Range<Int>, positions: [Int], _ value: PatchValue,
    at coordinates: PatchCoordinates = .all
  ) {
    precondition(!layers.isEmpty, "a touch of no layer")
    if case .run(_, let sources) = value {
      precondition(sources.count == positions.count, "\(sources.count) for \(positions.count)")
    }
    precondition(Set(positions).count == positions.count, "\(positions) more than once")
    (self.site, self.layers, self.positions) = (site, layers, positions)
    (self.coordinates, self.value) = (coordinates, value)
  }
}

extension Touch {
  /// Whether it replaces whole rows of a site.
  func isWhole(at site: Site) -> Bool {
    guard self.site.unsplit == site, case .all = coordinates else { return false }
    return true
  }
}

/// What of a value at one position is replaced.
public enum PatchCoordinates: Sendable {
  case all
  /// Heads of a site that has them, key heads of keys and values; of `attentionWeight` their
  /// probabilities over the keys.
  case heads([Int])
  /// Single numbers of the value: neurons, columns.
  case columns([Int])
  /// The component inside a subspace.
  case subspace(PatchSubspace)
}

/// What is written into a run; constants are as wide as the coordinates and in their order.
public enum PatchValue: Sendable {
  /// Another run's value, for each changed position at a position of its own. Attention weights go
  /// from each key to the key of the same number; keys that the source does not see get none.
  case run(Int, positions: [Int])
  case zero
  /// One row for all positions; of a subspace its `k` coordinates, of attention weights
  /// `[heads · keys]`.
  case row(Tensor<Float>)
  /// A row for each position, `[positions, ...]`.
  case rows(Tensor<Float>)
  /// The same whatever the coordinates, of which it is: a whole row of the site for each position,
  /// `[positions, width]`.
  case wholeRows(Tensor<Float>)

  /// The value for some of the positions.
  func selecting(_ kept: [Int]) -> PatchValue {
    switch self {
    case .run(let run, let positions): .run(run, positions: kept.map { positions[$0] })
    case .rows(let rows) where kept.count < rows.rows: .rows(rows.gathered(kept))
    case .wholeRows(let rows) where kept.count < rows.rows: .wholeRows(rows.gathered(kept))
    default: self
    }
  }
}

/// A subspace of a site's values, ready for projections.
public struct PatchSubspace: Sendable {
  /// Orthonormal, `[k, width]`.
  public let rows: Tensor<Float>
  private let inward: PackedMatrix<Float>
  private let outward: PackedMatrix<Float>

  public init(rows: Tensor<Float>) {
    self.rows = rows
    inward = PackedMatrix(rows)
    outward = PackedMatrix(rows, transposed: true)
  }

  /// `R x`: the coordinates of vectors in the subspace, `[vectors, width]` to `[vectors, k]`.
  func coordinates(_ x: Tensor<Float>) -> Tensor<Float> { inward.product(x) }

  /// `Rᵀ c`, `[vectors, k]` to `[vectors, width]`.
  func vectors(_ coordinates: Tensor<Float>) -> Tensor<Float> { outward.product(coordinates) }
}
