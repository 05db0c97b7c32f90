internal import Tensors

extension Tape {
  /// The larger of two elements; of equal ones each has half the gradient.
  public func maximum(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    extreme(a, b) { $0 > $1 }
  }

  /// The smaller of two elements; of equal ones each has half the gradient.
  public func minimum(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    extreme(a, b) { $0 < $1 }
  }

  private func extreme(
    _ a: Variable<Scalar>, _ b: Variable<Scalar>, isFirst: (Scalar, Scalar) -> Bool
  ) -> Variable<Scalar> {
    precondition(a.shape == b.shape, "an extreme of \(a.shape) and \(b.shape)")
    let pairs = zip(a.value.elements, b.value.elements)
    // Where neither comes first one of them is not a number, or both are one.
    let shares = pairs.map { isFirst($0, $1) ? 1 : isFirst($1, $0) ? 0 : Scalar(0.5) }
    let share = Tensor(a.shape, shares)
    let values = zip(pairs, shares).map { pair, share in
      share == 0.5 ? (pair.0 + pair.1) / 2 : share == 1 ? pair.0 : pair.1
    }
    return record(Tensor(a.shape, values), from: [a, b]) { g in
      [a.isTracked ? g * share : nil, b.isTracked ? g * share.scaled(by: -1, plus: 1) : nil]
    }
  }
}
