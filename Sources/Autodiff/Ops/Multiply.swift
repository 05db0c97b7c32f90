internal import Tensors

extension Tape {
  /// `a · b`, element by element, of one shape.
  ///
  ///     ∂L/∂a = g · b        ∂L/∂b = g · a
  public func multiply(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    record(a.value * b.value, from: [a, b]) { [wantsA = a.isTracked, wantsB = b.isTracked] g in
      [wantsA ? g * b.value : nil, wantsB ? g * a.value : nil]
    }
  }
}
