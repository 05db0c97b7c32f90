internal import Tensors

extension Tape {
  /// What each step of a convolution along rows sees, in a row: by column, then by place.
  ///
  ///     y[t, c · kernel + k] = x[t · stride + k − kernel / 2, c], zero outside of the sequence
  ///
  /// A product of this with a kernel `[outputs, columns · kernel]` is the convolution.
  ///
  /// - Parameters:
  ///   - x: `[rows, columns]`.
  ///   - kernel: Rows that a step sees; odd.
  ///   - sequences: The rows of each sequence.
  /// - Returns: `[steps, columns · kernel]`, a step for every `stride` rows of each sequence.
  public func unfold(
    _ x: Variable<Scalar>, kernel: Int, stride: Int, sequences: [Range<Int>]
  ) -> Variable<Scalar> {
    precondition(kernel % 2 == 1 && stride > 0, "a kernel of \(kernel) by steps of \(stride)")
    let columns = x.value.width
    // For each step the row that each place of the kernel is at; nil outside.
    let seen = sequences.flatMap { rows in
      Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: stride).map { middle in
        (0..<kernel).map { place -> Int? in
          let row = middle + place - kernel / 2
          return rows.contains(row) ? row : nil
        }
      }
    }
    let y = Tensor<Scalar>([seen.count, columns * kernel]) { to in
      let from = x.value.unsafePointer
      for (step, rows) in seen.enumerated() {
        for (place, row) in rows.enumerated() {
          let start = to + step * columns * kernel + place
          for column in 0..<columns {
            start[column * kernel] = row.map { from[$0 * columns + column] } ?? 0
          }
        }
      }
    }
    return record(y, from: [x]) { g in
      let dx = Tensor<Scalar>(x.shape) { to in
        to.update(repeating: 0, count: x.value.count)
        let from = g.unsafePointer
        for (step, rows) in seen.enumerated() {
          for (place, row) in rows.enumerated() {
            guard let row else { continue }
            let start = from + step * columns * kernel + place
            for column in 0..<columns { to[row * columns + column] += start[column * kernel] }
          }
        }
      }
      return [dx]
    }
  }
}
