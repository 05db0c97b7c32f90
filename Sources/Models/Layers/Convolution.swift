internal import Autodiff
internal import Tensors

/// A convolution of a model: a window that slides over images, and a map of what it sees.
struct Convolution<Scalar: Real>: Sendable {
  let window: ImageWindow
  private let map: Linear<Scalar>

  init(_ window: ImageWindow, _ map: Linear<Scalar>) { (self.window, self.map) = (window, map) }

  /// - Parameter x: `[pixels, channels]` of all images.
  func callAsFunction(
    _ x: Variable<Scalar>, images: [ImageSize], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    switch map {
    case .frozen(let map): tape.convolve(x, images: images, window: window, map)
    case .trained(let weight, let bias):
      tape.convolve(x, images: images, window: window, weight: weight, bias: bias)
    }
  }
}

/// A batch norm as it is when it is not trained.
struct BatchNorm<Scalar: Real>: Sendable {
  /// `[channels]`.
  let gain, bias: Variable<Scalar>
  /// Of the training's batches, `[channels]`.
  let mean, variance: Tensor<Scalar>
  /// What PyTorch adds to the variance unless it is told otherwise.
  private let epsilon: Scalar = 1e-5

  init(
    gain: Variable<Scalar>, bias: Variable<Scalar>, mean: Tensor<Scalar>, variance: Tensor<Scalar>
  ) {
    (self.gain, self.bias, self.mean, self.variance) = (gain, bias, mean, variance)
  }

  func callAsFunction(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    tape.batchNorm(
      x, weight: gain, bias: bias, mean: mean, variance: variance, epsilon: epsilon)
  }
}
