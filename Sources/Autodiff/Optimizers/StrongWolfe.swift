internal import Tensors

/// A point on a line: how far along, and the objective there.
struct LinePoint<Scalar: Real> {
  let distance: Double
  let value: Double
  let gradient: Tensor<Scalar>
  /// The derivative along the line.
  let slope: Double
}

/// Looks along a line for a point that meets the strong Wolfe conditions.
///
///     f(t) ≤ f(0) + c₁ t f′(0)        |f′(t)| ≤ −c₂ f′(0),  c₁ = 10⁻⁴, c₂ = 0.9
///
/// First the points move outwards until one and the last hold such a point between them, then the
/// bracket closes in by cubic interpolation. The choices are PyTorch's.
///
/// Nocedal and Wright, 2006, Numerical Optimization, algorithms 3.5 and 3.6.
struct StrongWolfe<Scalar: Real> {
  let start: LinePoint<Scalar>
  /// The largest element of the direction: the length of what a distance of one moves.
  let reach: Double
  /// How often the objective may be evaluated.
  let limit: Int

  /// The best point found, and how often the objective was evaluated.
  func search(
    from first: Double, evaluate: (Double) throws -> LinePoint<Scalar>
  ) rethrows -> (point: LinePoint<Scalar>, evaluations: Int) {
    var point = try evaluate(first)
    var evaluations = 1
    var iteration = 0
    var last = start
    var bracket: [LinePoint<Scalar>] = [start, point]
    var isDone = false
    while iteration < limit {
      bracket = [last, point]
      if !descends(point) || (iteration > 1 && point.value >= last.value) { break }
      if isFlat(point) {
        (bracket, isDone) = ([point], true)
        break
      }
      if point.slope >= 0 { break }
      let next = between(
        last, point, from: point.distance + 0.01 * (point.distance - last.distance),
        to: point.distance * 10)
      last = point
      point = try evaluate(next)
      evaluations += 1
      iteration += 1
      if iteration == limit { bracket = [start, point] }
    }

    var isStuck = false
    var (low, high) = order(bracket)
    while !isDone && iteration < limit {
      let (a, b) = (bracket[0].distance, bracket[1].distance)
      if abs(b - a) * reach < 1e-9 { break }
      let (near, far) = (Swift.min(a, b), Swift.max(a, b))
      var distance = between(bracket[0], bracket[1], from: near, to: far)
      let margin = 0.1 * (far - near)
      if Swift.min(far - distance, distance - near) < margin {
        if isStuck || distance >= far || distance <= near {
          let isHigh = abs(distance - far) < abs(distance - near)
          distance = isHigh ? far - margin : near + margin
          isStuck = false
        } else {
          isStuck = true
        }
      } else {
        isStuck = false
      }
      point = try evaluate(distance)
      evaluations += 1
      iteration += 1
      if !descends(point) || point.value >= bracket[low].value {
        bracket[high] = point
        (low, high) = order(bracket)
      } else {
        if isFlat(point) {
          isDone = true
        } else if point.slope * (bracket[high].distance - bracket[low].distance) >= 0 {
          bracket[high] = bracket[low]
        }
        bracket[low] = point
      }
    }
    return (bracket[low], evaluations)
  }

  /// The first condition. A value that is not a number does not meet it, so the bracket closes in.
  private func descends(_ point: LinePoint<Scalar>) -> Bool {
    point.value <= start.value + 1e-4 * point.distance * start.slope
  }

  private func isFlat(_ point: LinePoint<Scalar>) -> Bool {
    abs(point.slope) <= -0.9 * start.slope
  }

  private func order(_ bracket: [LinePoint<Scalar>]) -> (low: Int, high: Int) {
    let last = bracket.count - 1
    return bracket[last].value < bracket[0].value ? (last, 0) : (0, last)
  }

  /// Where the cubic through two points and their slopes is least, held within limits.
  private func between(
    _ a: LinePoint<Scalar>, _ b: LinePoint<Scalar>, from low: Double, to high: Double
  ) -> Double {
    let (x, y) = a.distance <= b.distance ? (a, b) : (b, a)
    let d = a.slope + b.slope - 3 * (a.value - b.value) / (a.distance - b.distance)
    let square = d * d - a.slope * b.slope
    guard square >= 0 else { return (low + high) / 2 }
    let root = square.squareRoot()
    let part = (y.slope + root - d) / (y.slope - x.slope + 2 * root)
    let least = y.distance - (y.distance - x.distance) * part
    guard least.isFinite else { return (low + high) / 2 }
    return Swift.min(Swift.max(least, low), high)
  }
}
