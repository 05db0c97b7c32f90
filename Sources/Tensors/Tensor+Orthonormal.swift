extension Tensor {
  /// The Q of the QR decomposition in which R's diagonal is positive, of a square or tall matrix:
  /// orthonormal columns that span what its first columns span, in order.
  ///
  /// By Householder reflections in panels. Golub and Van Loan, 2013, section 5.2.3.
  public func orthonormalized() -> Tensor {
    precondition(shape.count == 2 && rows >= width, "orthonormal columns of \(shape)")
    var panels: [(reflections: Reflections<Scalar>, signs: Tensor)] = []
    var rest = self
    while rest.width > 0 {
      let size = Swift.min(32, rest.width)
      let (reflections, reduced) = rest.columns(0..<size).reflected()
      let signs = Tensor([size], reduced.diagonal.elements.map { $0 < 0 ? -1 : 1 })
      panels.append((reflections, signs))
      rest = reflections.reversed(rest.columns(size..<rest.width)).rows(size..<rest.rows)
    }
    var q = Tensor(zeros: [rows - width, 0])
    for (reflections, signs) in panels.reversed() {
      let size = signs.count
      let corner = Tensor.identity(size, size).multiplyingRows(by: signs)
      let top = Tensor.concatenatedColumns([corner, Tensor(zeros: [size, q.width])])
      let bottom = Tensor.concatenatedColumns([Tensor(zeros: [q.rows, size]), q])
      q = reflections(.concatenated([top, bottom]))
    }
    return q
  }

  /// The reflections that reduce the columns of a narrow matrix, and what is left: R.
  private func reflected() -> (Reflections<Scalar>, Tensor) {
    var (vectors, tau) = (self, self)
    let reduced = Tensor(shape) { a in
      a.update(from: unsafePointer, count: count)
      vectors = Tensor(shape) { v in
        tau = Tensor([2, width]) {  // the second row is the kernel's workspace
          Scalar.reflectPanel(rows: rows, width: width, a, v, $0, workspace: $0 + width)
        }
      }
    }
    return (Reflections(vectors: vectors, tau: tau.rows(0..<1)), reduced)
  }
}
