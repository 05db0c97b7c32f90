public import Autodiff
public import Tensors

/// A normalisation with its gain, and bias where it has one.
public enum Norm<Scalar: Real>: Sendable {
  case rms(weight: Variable<Scalar>, epsilon: Scalar)
  case layer(weight: Variable<Scalar>, bias: Variable<Scalar>, epsilon: Scalar)

  func callAsFunction(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    switch self {
    case .rms(let weight, let epsilon): tape.rmsNorm(x, weight: weight, epsilon: epsilon)
    case .layer(let weight, let bias, let epsilon):
      tape.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    }
  }

  var gain: Tensor<Scalar> {
    switch self {
    case .rms(let weight, _), .layer(let weight, _, _): weight.value
    }
  }

  var bias: Tensor<Scalar>? {
    switch self {
    case .rms: nil
    case .layer(_, let bias, _): bias.value
    }
  }
}
