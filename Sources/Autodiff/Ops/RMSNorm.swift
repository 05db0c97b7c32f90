internal import Tensors

extension Tape {
  /// Scales each row to unit root-mean-square, then multiplies by a gain per feature.
  ///
  ///     r = 1 / √(mean(x²) + epsilon)        y = x · r · weight
  ///     ∂L/∂x      = r · (g·weight − x·r² · mean(g·weight · x))        with g = ∂L/∂y
  ///     ∂L/∂weight = Σ g · x·r, over the rows
  ///
  /// - Parameters:
  ///   - x: `[rows, width]`.
  ///   - weight: `[width]`.
  ///   - epsilon: Added to the mean square, so in the units of `x²`.
  ///
  /// Zhang and Sennrich, 2019, <https://arxiv.org/abs/1910.07467>, equation 4.
  public func rmsNorm(
    _ x: Variable<Scalar>, weight: Variable<Scalar>, epsilon: Scalar
  ) -> Variable<Scalar> {
    let (rows, width) = (x.value.rows, x.value.width)
    precondition(weight.value.count == width, "rmsNorm: weight \(weight.shape), x \(x.shape)")
    let keeps = x.isTracked || weight.isTracked
    let scale = Tensor<Scalar>(zeros: [keeps ? rows : 0])
    let y = Tensor(x.shape) { y in
      Scalar.rmsNorm(
        rows: rows, width: width, x.value.unsafePointer, weight.value.unsafePointer,
        epsilon: epsilon, y,
        scale: keeps ? UnsafeMutablePointer(mutating: scale.unsafePointer) : nil)
    }
    return record(y, from: [x, weight]) { g in
      let dWeight = weight.isTracked ? Tensor<Scalar>(zeros: [width]) : nil
      let dx = Tensor(x.shape) { dx in
        Scalar.rmsNormGradient(
          rows: rows, width: width, x.value.unsafePointer, weight.value.unsafePointer,
          scale: scale.unsafePointer, g.unsafePointer, dx,
          dWeight.map { UnsafeMutablePointer(mutating: $0.unsafePointer) })
      }
      return [x.isTracked ? dx : nil, dWeight]
    }
  }
}
