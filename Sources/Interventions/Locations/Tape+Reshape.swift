internal import Autodiff
internal import Tensors

extension Tape {
  /// The same elements under another shape.
  func reshape(_ x: Variable<Scalar>, _ shape: [Int]) -> Variable<Scalar> {
    record(x.value.reshaped(shape), from: [x]) { g in [g.reshaped(x.shape)] }
  }
}
