public import Tensors

extension Tape {
  /// Slides a window over each image and maps what it sees, image by image.
  ///
  ///     y = unfold(x) Wᵀ + b        ∂L/∂x = fold(g W)
  ///
  /// - Parameters:
  ///   - x: The pixels of all images below each other, `[pixels, channels]`.
  ///   - images: The size of each image.
  ///   - map: `size · size · channels` inputs: by row of the window, column and channel.
  /// - Returns: `[places, outputs]`; a row's bits hang on its own image alone.
  public func convolve(
    _ x: Variable<Scalar>, images: [ImageSize], window: ImageWindow, _ map: FrozenLinear<Scalar>
  ) -> Variable<Scalar> {
    let y = images.cut(x.value).map { map($0.unfolded(window, image: $1)) }
    return record(.concatenated(y), from: [x]) { g in
      let after = images.map(window.size(of:)).cut(g)
      return [
        .concatenated(
          zip(after, images).map { map.transposedProduct($0.0).folded(window, image: $1) })
      ]
    }
  }

  /// The same with weights that may be trained. What windows see is found anew for the gradient, so
  /// only `x` is kept.
  ///
  ///     ∂L/∂W = gᵀ unfold(x)        ∂L/∂b = Σ g, over the rows
  ///
  /// - Parameters:
  ///   - weight: `[outputs, size · size · channels]`.
  ///   - bias: `[outputs]`.
  public func convolve(
    _ x: Variable<Scalar>, images: [ImageSize], window: ImageWindow, weight: Variable<Scalar>,
    bias: Variable<Scalar>? = nil
  ) -> Variable<Scalar> {
    precondition(
      weight.value.width == window.size * window.size * x.value.width,
      "convolve: \(weight.shape) for \(x.shape) in windows of \(window.size)")
    let packed = PackedMatrix(weight.value)
    let y = images.cut(x.value).map {
      packed.product($0.unfolded(window, image: $1), bias: bias?.value)
    }
    let inputs = [x, weight] + (bias.map { [$0] } ?? [])
    return record(.concatenated(y), from: inputs) { g in
      var dx: [Tensor<Scalar>] = []
      var dWeight: Tensor<Scalar>?
      let after = images.map(window.size(of:)).cut(g)
      for ((x_, image), (g, _)) in zip(images.cut(x.value), after) {
        if x.isTracked {
          dx.append(g.matrixProduct(weight.value).folded(window, image: image))
        }
        if weight.isTracked {
          let part = g.gram(with: x_.unfolded(window, image: image))
          dWeight = dWeight.map { $0 + part } ?? part
        }
      }
      return [x.isTracked ? .concatenated(dx) : nil, dWeight?.reshaped(weight.shape)]
        + (bias.map { [$0.isTracked ? g.sumOfRows() : nil] } ?? [])
    }
  }

  /// Each row as a matrix of so many rows, transposed: `[n, a, b]` to `[n, b, a]`.
  public func transposeEach(_ x: Variable<Scalar>, rows: Int) -> Variable<Scalar> {
    let columns = x.value.width / rows
    return record(x.value.transposedEach(rows: rows), from: [x]) { g in
      [g.transposedEach(rows: columns).reshaped(x.shape)]
    }
  }
}

extension [ImageSize] {
  /// The rows of each image, with its size.
  func cut<Scalar: Real>(_ x: Tensor<Scalar>) -> [(rows: Tensor<Scalar>, image: ImageSize)] {
    let count = reduce(0) { $0 + $1.count }
    precondition(x.rows == count, "\(x.shape) for images of \(count) pixels")
    var start = 0
    return map { image in
      defer { start += image.count }
      return (x.rows(start..<start + image.count), image)
    }
  }
}
