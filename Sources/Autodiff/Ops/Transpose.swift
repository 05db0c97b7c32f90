internal import Tensors

extension Tape {
  /// A matrix with rows and columns exchanged: `∂L/∂x = gᵀ`.
  public func transpose(_ x: Variable<Scalar>) -> Variable<Scalar> {
    precondition(x.shape.count == 2, "transpose: \(x.shape) is no matrix")
    return record(x.value.transposed(), from: [x]) { g in [g.transposed()] }
  }
}
