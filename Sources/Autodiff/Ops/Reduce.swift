internal import Tensors

extension Tape {
  /// The sum of all elements, `[]`: `∂L/∂x = g`.
  public func sum(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(Tensor(scalar: x.value.sum()), from: [x]) { g in
      [Tensor(repeating: g.scalar, x.shape)]
    }
  }

  /// The mean of all elements, `[]`: `∂L/∂x = g / count`.
  public func mean(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let count = Scalar(x.value.count)
    return record(Tensor(scalar: x.value.sum() / count), from: [x]) { g in
      [Tensor(repeating: g.scalar / count, x.shape)]
    }
  }

  /// The sum over the first axis, `[width]`.
  public func sumOfRows(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(x.value.sumOfRows(), from: [x]) { g in [Tensor(zeros: x.shape).addingToRows(g)] }
  }

  /// Each row's sum, `[rows]`.
  public func sumOfColumns(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(x.value.sumOfColumns(), from: [x]) { g in
      [Tensor(zeros: x.shape).combined(.add, with: g, over: .column)]
    }
  }
}
