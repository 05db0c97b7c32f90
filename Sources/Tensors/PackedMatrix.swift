/// A matrix `[outputs, inputs]` laid out for products with it: panels of 32 outputs.
///
/// A row's product has the same bits in any batch.
public struct PackedMatrix<Scalar: Real>: Sendable {
  /// The columns of the matrix.
  public let inputs: Int
  /// The rows of the matrix.
  public let outputs: Int
  private let panels: Panels

  private enum Panels: Sendable {
    /// Flat; `packedCount(inputs:outputs:)` elements.
    case scalars(Tensor<Scalar>)
    case stored(StoredPanels)
  }

  /// - Parameter panels: Packed already, in memory that lives elsewhere.
  public init(inputs: Int, outputs: Int, panels: Tensor<Scalar>) {
    precondition(panels.count == packedCount(inputs: inputs, outputs: outputs), "panels' size")
    self.inputs = inputs
    self.outputs = outputs
    self.panels = .scalars(panels)
  }

  /// - Parameter stored: Panels in the form of a file.
  public init(inputs: Int, outputs: Int, stored: StoredPanels) {
    self.inputs = inputs
    self.outputs = outputs
    panels = .stored(stored)
  }

  /// Packs `matrix`: `[outputs, inputs]`, or with `transposed` `[inputs, outputs]`.
  public init(_ matrix: Tensor<Scalar>, transposed: Bool = false) {
    let (rows, columns) = (matrix.rows, matrix.width)
    let (inputs, outputs) = transposed ? (rows, columns) : (columns, rows)
    self.init(
      inputs: inputs, outputs: outputs,
      panels: Tensor([packedCount(inputs: inputs, outputs: outputs)]) {
        Scalar.pack(
          matrix.unsafePointer, inputs: inputs, outputs: outputs,
          inputStride: transposed ? columns : 1, outputStride: transposed ? 1 : columns, $0)
      })
  }

  /// The matrix itself, `[outputs, inputs]`.
  public func unpacked() -> Tensor<Scalar> { rows(Array(0..<outputs)) }

  /// The matrix's rows of the given numbers, `[count, inputs]`.
  public func rows(_ indices: [Int]) -> Tensor<Scalar> {
    Tensor([indices.count, inputs]) { to in
      for (i, row) in indices.enumerated() {
        precondition(row >= 0 && row < outputs, "row \(row) of \(outputs)")
        switch panels {
        case .scalars(let panels):
          Scalar.unpackRow(panels.unsafePointer, inputs: inputs, output: row, to + i * inputs)
        case .stored(let panels):
          Scalar.unpackRow(panels, inputs: inputs, output: row, to + i * inputs)
        }
      }
    }
  }

  /// `x Wᵀ + bias`: `[rows, inputs]` to `[rows, outputs]`.
  public func product(_ x: Tensor<Scalar>, bias: Tensor<Scalar>? = nil) -> Tensor<Scalar> {
    precondition(x.width == inputs, "x \(x.shape) does not fit \(outputs) x \(inputs)")
    precondition(bias.map { $0.count == outputs } ?? true, "a bias of another width")
    return Tensor([x.rows, outputs]) { y in
      switch panels {
      case .scalars(let panels):
        Scalar.product(
          rows: x.rows, inputs: inputs, outputs: outputs, x.unsafePointer, xStride: inputs,
          panels.unsafePointer, bias: bias?.unsafePointer, y, yStride: outputs)
      case .stored(let panels):
        Scalar.product(
          rows: x.rows, inputs: inputs, outputs: outputs, x.unsafePointer, xStride: inputs,
          panels, bias: bias?.unsafePointer, y, yStride: outputs)
      }
    }
  }

  /// `g W` of weights in the form of a file, `[rows, outputs]` to `[rows, inputs]`, without a
  /// transposed copy of them; nil where they are not in that form.
  func storedTransposedProduct(_ g: Tensor<Scalar>) -> Tensor<Scalar>? {
    guard case .stored(let panels) = panels else { return nil }
    precondition(g.width == outputs, "g \(g.shape) does not fit \(outputs) x \(inputs)")
    return Tensor([g.rows, inputs]) { y in
      Scalar.transposedProduct(
        rows: g.rows, inputs: inputs, outputs: outputs, g.unsafePointer, gStride: outputs, panels,
        y,
        yStride: inputs)
    }
  }
}

extension Tensor {
  /// The product of two matrices, `[m, k]` by `[k, n]`, by the same kernel as packed weights, so
  /// that a row of the result has the same bits whatever the other rows are.
  public func matrixProduct(_ other: Tensor) -> Tensor {
    PackedMatrix(other, transposed: true).product(self)
  }

  /// The product with a transposed matrix, `[m, k]` by `[n, k]`ᵀ; bits as in `matrixProduct`.
  public func matrixProduct(transposed other: Tensor) -> Tensor {
    PackedMatrix(other).product(self)
  }

  /// `selfᵀ other` over the rows both share, `[rows, m]` and `[rows, n]` to `[m, n]`, by the BLAS.
  public func gram(with other: Tensor) -> Tensor {
    precondition(rows == other.rows, "\(shape) and \(other.shape)")
    let (m, n, k) = (width, other.width, rows)
    if m * n * k == 0 { return Tensor(zeros: [m, n]) }
    return Tensor([m, n]) {
      Scalar.gemm(
        true, false, m: m, n: n, k: k, unsafePointer, lda: m, other.unsafePointer, ldb: n, $0,
        ldc: n)
    }
  }

  /// The matrix with rows and columns exchanged.
  public func transposed() -> Tensor {
    Tensor([width, rows]) { Scalar.transpose(rows: rows, width: width, unsafePointer, $0) }
  }
}
