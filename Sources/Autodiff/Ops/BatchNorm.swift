public import Tensors

extension Tape {
  /// Batch normalisation as it is when it is not trained: an affine map of each channel, by the mean
  /// and the variance that were kept from training.
  ///
  ///     r = 1 / √(variance + epsilon)        y = (x − mean) · r · weight + bias
  ///     ∂L/∂x = g · r · weight        ∂L/∂weight = Σ g · (x − mean) · r        ∂L/∂bias = Σ g
  ///
  /// Sums are over the rows; mean and variance take no gradient.
  ///
  /// - Parameters:
  ///   - x: `[rows, channels]`.
  ///   - weight: `[channels]`, as are the next three.
  ///   - epsilon: Added to the variance, so in the units of `x²`.
  ///
  /// Ioffe and Szegedy, 2015, <https://arxiv.org/abs/1502.03167>, algorithm 2.
  public func batchNorm(
    _ x: Variable<Scalar>, weight: Variable<Scalar>, bias: Variable<Scalar>, mean: Tensor<Scalar>,
    variance: Tensor<Scalar>, epsilon: Scalar
  ) -> Variable<Scalar> {
    let width = x.value.width
    precondition(
      weight.value.count == width && bias.value.count == width && mean.count == width
        && variance.count == width,
      "batchNorm: weight \(weight.shape), mean \(mean.shape), x \(x.shape)")
    let r = Tensor([width], variance.elements.map { 1 / ($0 + epsilon).squareRoot() })
    let factor = weight.value * r
    let y = x.value.multiplyingRows(by: factor).addingToRows(bias.value - mean * factor)
    return record(y, from: [x, weight, bias]) { g in
      var dWeight: Tensor<Scalar>?
      if weight.isTracked {
        let unit = x.value.combined(.subtract, with: mean, over: .row).multiplyingRows(by: r)
        dWeight = (g * unit).sumOfRows()
      }
      return [
        x.isTracked ? g.multiplyingRows(by: factor) : nil, dWeight,
        bias.isTracked ? g.sumOfRows() : nil,
      ]
    }
  }
}
