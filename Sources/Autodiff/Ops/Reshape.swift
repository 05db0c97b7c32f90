internal import Tensors

extension Tape {
  /// The same elements under another shape.
  public func reshape(_ x: Variable<Scalar>, _ shape: [Int]) -> Variable<Scalar> {
    record(x.value.reshaped(shape), from: [x]) { g in [g.reshaped(x.shape)] }
  }

  /// The matrix with rows and columns exchanged.
  public func transpose(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(x.value.transposed(), from: [x]) { g in [g.transposed().reshaped(x.shape)] }
  }
}
