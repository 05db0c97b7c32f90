internal import Autodiff
internal import Tensors

/// How the search for a direction proceeds.
public struct DirectionSearchSettings: Sendable, Equatable {
  /// Iterations of the minimiser; also the evaluations after which it is not started again.
  public var iterations = 100
  /// No element of the gradient is larger where a search ends.
  public var gradientTolerance = 1e-7
  /// Changes that are too small to go on for.
  public var changeTolerance = 1e-9
  /// The relative change of the energy below which the minimiser is not started again.
  public var restartTolerance = 1e-4

  /// Random starts of which the most promising one is followed, and the iterations that show it.
  public var candidates = 8
  public var briefIterations = 20

  /// Those of the published implementation, which has no random starts.
  public init() {}
}

/// Looks for the unit vector, orthogonal to those found before, whose ablation does the most.
///
/// The objective does not change with the length of a vector, so the minimiser is free to move
/// in all of the space: a vector x stands for x less its part in the span of those found, made one
/// long. With P the projection and n = ‖Px‖,
///
///     v = Px / n        ∂E/∂x = P (∂E/∂v − v (v · ∂E/∂v)) / n
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1; L-BFGS with a line search
/// by the strong Wolfe conditions.
package struct DirectionSearch {
  /// A unit vector, and what its ablation does.
  package struct Found: Sendable, Equatable {
    package let vector: [Float]
    /// The mean of KL(p ‖ q) over activations, in nats.
    package let energy: Double
    /// Evaluations of the objective that it took.
    package let evaluations: Int

    package init(vector: [Float], energy: Double, evaluations: Int) {
      (self.vector, self.energy, self.evaluations) = (vector, energy, evaluations)
    }
  }

  typealias Objective = ([Float]) throws -> (energy: Double, gradient: [Double])

  let settings: DirectionSearchSettings
  private let earlier: [[Double]]

  /// - Parameter earlier: Orthonormal directions found before.
  init(_ settings: DirectionSearchSettings, after earlier: [[Float]]) {
    self.settings = settings
    self.earlier = earlier.map { $0.map(Double.init) }
  }

  private init(_ settings: DirectionSearchSettings, _ earlier: [[Double]]) {
    (self.settings, self.earlier) = (settings, earlier)
  }

  /// The vector without its part in the span of earlier directions.
  func projected(_ x: [Double]) -> [Double] {
    var x = x
    // Twice is enough for orthogonality to rounding: Giraud et al., 2005.
    for _ in 0..<2 {
      for direction in earlier {
        let part = dot(direction, x)
        for i in x.indices { x[i] -= part * direction[i] }
      }
    }
    return x
  }

  /// The unit vector that stands for x; nil where next to nothing of x is outside the span.
  func unit(_ x: [Double]) -> [Double]? {
    let length = dot(x, x).squareRoot()
    let rest = projected(x)
    let remaining = dot(rest, rest).squareRoot()
    guard remaining > 1e-6 * length, remaining.isFinite else { return nil }
    return rest.map { $0 / remaining }
  }

  /// Goes a little uphill from each of several starts, and then all the way from the best.
  ///
  /// The energy has many local maxima: that finds high ones with fewer evaluations than going all
  /// the way from each.
  func climb(fromBestOf starts: [[Double]], _ objective: Objective) throws -> Found {
    var brief = settings
    brief.iterations = settings.briefIterations
    let search = DirectionSearch(brief, earlier)
    var best: Found?
    var evaluations = 0
    for start in starts {
      let found = try search.climb(from: start, objective)
      evaluations += found.evaluations
      if best.map({ found.energy > $0.energy }) ?? true { best = found }
    }
    guard let best else { preconditionFailure("no start") }
    let found = try climb(from: best.vector.map(Double.init), objective)
    return Found(
      vector: found.vector, energy: found.energy, evaluations: evaluations + found.evaluations)
  }

  /// Goes uphill from a start, which must not lie in the span of the earlier directions.
  func climb(from start: [Double], _ objective: Objective) throws -> Found {
    guard var place = unit(start) else { preconditionFailure("a start inside the span") }
    var evaluations = 0
    func energy(_ v: [Double]) throws -> (energy: Double, gradient: [Double]) {
      evaluations += 1
      return try objective(v.map(Float.init))
    }
    var last = 0.0
    while evaluations < settings.iterations {
      var minimiser = LBFGS<Double>(
        iterations: settings.iterations, gradientTolerance: settings.gradientTolerance,
        changeTolerance: settings.changeTolerance, searchesLine: true)
      let end = try minimiser.step(Tensor([place.count], place)) { x in
        let (value, gradient) = try loss(at: x.elements, energy)
        return (value, Tensor([place.count], gradient))
      }
      guard let next = unit(end.elements) else { break }
      place = next
      let reached = try energy(place).energy
      defer { last = reached }
      if abs(reached - last) < settings.restartTolerance * abs(reached) { break }
    }
    let vector = place.map(Float.init)
    return Found(
      vector: vector, energy: try objective(vector).energy, evaluations: evaluations + 1)
  }

  /// The negative energy at a place, and its gradient there.
  private func loss(
    at x: [Double], _ energy: ([Double]) throws -> (energy: Double, gradient: [Double])
  ) throws -> (Double, [Double]) {
    let rest = projected(x)
    let length = dot(rest, rest).squareRoot()
    // Nothing of x is left to ablate.
    guard length > 0, length.isFinite else { return (0, x.map { _ in 0 }) }
    let v = rest.map { $0 / length }
    let (value, gradient) = try energy(v)
    let radial = dot(gradient, v)
    let tangent = zip(gradient, v).map { -($0 - radial * $1) / length }
    return (-value, projected(tangent))
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
