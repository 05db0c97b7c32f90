public import Tensors

/// A quasi-Newton method that remembers the last steps and what they did to the gradient.
///
/// It minimises a function of one tensor that is the same at every evaluation. The choices,
/// tolerances and the line search are those of PyTorch's `LBFGS`.
///
/// Liu and Nocedal, 1989, <https://doi.org/10.1007/BF01589116>.
public struct LBFGS<Scalar: Real>: Sendable {
  /// The first step's length; with a line search, where each search begins.
  public let rate: Double
  /// Directions that one call of `step` takes at most.
  public let iterations: Int
  /// Evaluations that one call of `step` makes, unless the line search needs a few more.
  public let evaluations: Int
  /// No element of the gradient is larger at a minimum.
  public let gradientTolerance: Double
  /// Changes of the value and of the elements that are too small to go on for.
  public let changeTolerance: Double
  /// How many steps are remembered.
  public let history: Int
  /// Whether each step's length is searched for by the strong Wolfe conditions.
  public let searchesLine: Bool

  /// A remembered step.
  private struct Pair: Sendable {
    let step: Tensor<Scalar>
    let change: Tensor<Scalar>
    let product: Double
  }

  /// Where the last step began, and where it led.
  private struct Last: Sendable {
    var direction: Tensor<Scalar>
    var gradient: Tensor<Scalar>
    var length: Double
  }

  private var pairs: [Pair] = []
  private var curvature = 1.0
  private var last: Last?

  /// A minimiser that has taken no step.
  public init(
    rate: Double = 1, iterations: Int = 20, evaluations: Int? = nil,
    gradientTolerance: Double = 1e-7, changeTolerance: Double = 1e-9, history: Int = 100,
    searchesLine: Bool = false
  ) {
    precondition(iterations > 0 && history > 0, "\(iterations) iterations, a history of \(history)")
    self.rate = rate
    self.iterations = iterations
    self.evaluations = evaluations ?? iterations * 5 / 4
    self.gradientTolerance = gradientTolerance
    self.changeTolerance = changeTolerance
    self.history = history
    self.searchesLine = searchesLine
  }

  /// Takes steps until one of the limits is met, and returns the new place.
  ///
  /// A value or a gradient that is not finite at the beginning of a step ends the call there.
  ///
  /// - Parameter objective: The function's value and gradient at a place.
  public mutating func step(
    _ start: Tensor<Scalar>,
    objective: (Tensor<Scalar>) throws -> (value: Scalar, gradient: Tensor<Scalar>)
  ) rethrows -> Tensor<Scalar> {
    var x = start
    var (value, gradient) = try objective(x)
    var evaluated = 1
    for iteration in 1...iterations {
      if gradient.largestMagnitude <= gradientTolerance { break }
      let direction = direction(against: gradient)
      let slope = dot(gradient, direction)
      guard value.isFinite, slope.isFinite else { break }
      var length = last == nil ? Swift.min(1, 1 / gradient.sumOfMagnitudes) * rate : rate
      last = Last(direction: direction, gradient: gradient, length: length)
      if slope > -changeTolerance { break }
      let (before, place) = (value, x)
      func moved(by distance: Double) -> Tensor<Scalar> {
        place + direction.scaled(by: Scalar(distance))
      }
      if searchesLine {
        let search = StrongWolfe(
          start: LinePoint(distance: 0, value: Double(value), gradient: gradient, slope: slope),
          reach: direction.largestMagnitude, limit: evaluations - evaluated)
        let (point, count) = try search.search(from: length) { distance in
          let (value, gradient) = try objective(moved(by: distance))
          return LinePoint(
            distance: distance, value: Double(value), gradient: gradient,
            slope: dot(gradient, direction))
        }
        (value, gradient, length) = (Scalar(point.value), point.gradient, point.distance)
        x = moved(by: length)
        evaluated += count
      } else {
        x = moved(by: length)
        if iteration == iterations { break }
        (value, gradient) = try objective(x)
        evaluated += 1
      }
      last?.length = length
      if evaluated >= evaluations { break }
      if direction.largestMagnitude * abs(length) <= changeTolerance { break }
      if abs(Double(value) - Double(before)) < changeTolerance { break }
    }
    return x
  }

  /// The remembered curvature's answer to a gradient; takes in what the last step has shown.
  private mutating func direction(against gradient: Tensor<Scalar>) -> Tensor<Scalar> {
    guard let last else { return gradient.scaled(by: -1) }
    let change = gradient - last.gradient
    let step = last.direction.scaled(by: Scalar(last.length))
    let product = dot(change, step)
    if product > 1e-10 {
      if pairs.count == history { pairs.removeFirst() }
      pairs.append(Pair(step: step, change: change, product: product))
      curvature = product / dot(change, change)
    }
    var q = gradient.scaled(by: -1)
    var weights: [Double] = []
    for pair in pairs.reversed() {
      let weight = dot(pair.step, q) / pair.product
      q = q - pair.change.scaled(by: Scalar(weight))
      weights.append(weight)
    }
    q = q.scaled(by: Scalar(curvature))
    for (pair, weight) in zip(pairs, weights.reversed()) {
      let correction = weight - dot(pair.change, q) / pair.product
      q = q + pair.step.scaled(by: Scalar(correction))
    }
    return q
  }

  private func dot(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
    precondition(a.shape == b.shape, "a gradient of \(b.shape) for a place of \(a.shape)")
    return Double(Scalar.dot(a.unsafePointer, b.unsafePointer, a.count))
  }
}

extension Tensor {
  fileprivate var largestMagnitude: Double {
    elements.reduce(0) { $1.isNaN ? .nan : Swift.max($0, Double($1.magnitude)) }
  }

  fileprivate var sumOfMagnitudes: Double { elements.reduce(0) { $0 + Double($1.magnitude) } }
}
