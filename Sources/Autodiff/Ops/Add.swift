internal import Tensors

extension Tape {
  /// `a + b`, of one shape.
  public func add(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    record(a.value + b.value, from: [a, b]) { g in [g, g] }
  }

  /// `a − b`, of one shape.
  public func subtract(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    record(a.value - b.value, from: [a, b]) { g in [g, b.isTracked ? g.scaled(by: -1) : nil] }
  }

  /// `factor · x + offset`.
  public func scale(
    _ x: Variable<Scalar>, by factor: Scalar, plus offset: Scalar = 0
  ) -> Variable<Scalar> {
    record(x.value.scaled(by: factor, plus: offset), from: [x]) { g in [g.scaled(by: factor)] }
  }
}
