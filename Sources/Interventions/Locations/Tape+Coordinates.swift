public import Autodiff
internal import Tensors

extension Tape {
  /// `base` with the chosen coordinates of `values` in place of its own; both `[vectors, width]`.
  ///
  /// The other coordinates keep their bits. The gradient goes to whichever an element came from.
  public func exchange(
    _ base: Variable<Scalar>, with values: Variable<Scalar>, at coordinates: Coordinates
  ) -> Variable<Scalar> {
    if coordinates == .all { return values }
    let runs = coordinates.runs
    return record(base.value.replacing(runs, from: values.value), from: [base, values]) { g in
      [
        base.isTracked ? g.replacing(runs, from: Tensor(zeros: g.shape)) : nil,
        values.isTracked ? Tensor(zeros: g.shape).replacing(runs, from: g) : nil,
      ]
    }
  }

  /// `x` with zeros outside the chosen coordinates.
  public func restrict(_ x: Variable<Scalar>, to coordinates: Coordinates) -> Variable<Scalar> {
    if coordinates == .all { return x }
    return exchange(Variable(Tensor(zeros: x.shape)), with: x, at: coordinates)
  }

  /// The chosen coordinates side by side in the order given, `[vectors, chosen]`.
  ///
  /// Every vector must have as many chosen.
  public func choose(_ x: Variable<Scalar>, _ coordinates: Coordinates) -> Variable<Scalar> {
    switch coordinates {
    case .all: x
    case .shared(let indices): gatherColumns(x, indices)
    case .perVector(let lists): gatherColumns(x, perRow: lists)
    }
  }
}

extension Tensor {
  /// A copy in which the ranges of each row are those of `other`, of the same shape.
  func replacing(_ runs: CoordinateRuns, from other: Tensor) -> Tensor {
    precondition(shape == other.shape, "\(other.shape) into \(shape)")
    return Tensor(shape) { to in
      to.update(from: unsafePointer, count: count)
      for row in 0..<rows {
        for range in runs[row] {
          precondition(range.upperBound <= width, "coordinates \(range) of \(width)")
          let at = row * width + range.lowerBound
          (to + at).update(from: other.unsafePointer + at, count: range.count)
        }
      }
    }
  }
}
