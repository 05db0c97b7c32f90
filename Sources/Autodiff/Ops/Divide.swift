internal import Tensors

extension Tape {
  /// `a / b`, element by element, of one shape.
  ///
  ///     ∂L/∂a = g / b        ∂L/∂b = −g · y / b
  public func divide(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    let y = a.value / b.value
    return record(y, from: [a, b]) { [wantsA = a.isTracked, wantsB = b.isTracked] g in
      let slope = g / b.value
      return [wantsA ? slope : nil, wantsB ? (slope * y).scaled(by: -1) : nil]
    }
  }
}
