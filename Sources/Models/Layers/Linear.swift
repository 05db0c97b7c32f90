public import Autodiff
public import Tensors

/// An affine map of a model: frozen and packed, or on a tape for training.
public enum Linear<Scalar: Real>: Sendable {
  case frozen(FrozenLinear<Scalar>)
  /// - Parameters: weight `[outputs, inputs]`, bias `[outputs]`.
  case trained(weight: Variable<Scalar>, bias: Variable<Scalar>?)

  func callAsFunction(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    switch self {
    case .frozen(let map): tape.linear(x, map)
    case .trained(let weight, let bias): tape.linear(x, weight: weight, bias: bias)
    }
  }
}
