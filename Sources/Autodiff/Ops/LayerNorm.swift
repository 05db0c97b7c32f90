internal import Tensors

extension Tape {
  /// Shifts each row to zero mean, scales it to unit variance, then applies a gain and a bias.
  ///
  ///     m = mean(x)        r = 1 / √(mean((x − m)²) + epsilon)        y = (x − m) · r · weight + bias
  ///     ∂L/∂x = r · (h − mean(h) − (x − m) · r² · mean(h · (x − m)))        with h = g · weight
  ///     ∂L/∂weight = Σ g · (x − m) · r        ∂L/∂bias = Σ g, over the rows
  ///
  /// - Parameters:
  ///   - x: `[rows, width]`.
  ///   - weight: `[width]`.
  ///   - bias: `[width]`.
  ///   - epsilon: Added to the variance, so in the units of `x²`.
  ///
  /// Ba et al., 2016, <https://arxiv.org/abs/1607.06450>.
  public func layerNorm(
    _ x: Variable<Scalar>, weight: Variable<Scalar>, bias: Variable<Scalar>, epsilon: Scalar
  ) -> Variable<Scalar> {
    let (rows, width) = (x.value.rows, x.value.width)
    precondition(
      weight.value.count == width && bias.value.count == width,
      "layerNorm: weight \(weight.shape), bias \(bias.shape), x \(x.shape)")
    let keeps = x.isTracked || weight.isTracked || bias.isTracked
    let mean = Tensor<Scalar>(zeros: [keeps ? rows : 0])
    let scale = Tensor<Scalar>(zeros: [keeps ? rows : 0])
    let y = Tensor(x.shape) { y in
      Scalar.layerNorm(
        rows: rows, width: width, x.value.unsafePointer, weight.value.unsafePointer,
        bias.value.unsafePointer, epsilon: epsilon, y,
        mean: keeps ? UnsafeMutablePointer(mutating: mean.unsafePointer) : nil,
        scale: keeps ? UnsafeMutablePointer(mutating: scale.unsafePointer) : nil)
    }
    return record(y, from: [x, weight, bias]) { g in
      let dWeight = weight.isTracked ? Tensor<Scalar>(zeros: [width]) : nil
      let dBias = bias.isTracked ? Tensor<Scalar>(zeros: [width]) : nil
      let dx = Tensor(x.shape) { dx in
        Scalar.layerNormGradient(
          rows: rows, width: width, x.value.unsafePointer, weight.value.unsafePointer,
          mean: mean.unsafePointer, scale: scale.unsafePointer, g.unsafePointer, dx,
          dWeight.map { UnsafeMutablePointer(mutating: $0.unsafePointer) },
          dBias.map { UnsafeMutablePointer(mutating: $0.unsafePointer) })
      }
      return [x.isTracked ? dx : nil, dWeight, dBias]
    }
  }
}
