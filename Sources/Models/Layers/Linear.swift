public import Autodiff
public import Tensors

/// An affine map of a model: frozen and packed, or on a tape for training.
public enum Linear<Scalar: Real>: Sendable {
  case frozen(FrozenLinear<Scalar>)
  /// - Parameters: weight `[outputs, inputs]`, bias `[outputs]`.
  case trained(weight: Variable<Scalar>, bias: Variable<Scalar>?)

  /// Packed if weight and bias are constants.
  init(_ weight: Variable<Scalar>, bias: Variable<Scalar>?) {
    if weight.isTracked || bias?.isTracked ?? false {
      self = .trained(weight: weight, bias: bias)
    } else {
      self = .frozen(FrozenLinear(PackedMatrix(weight.value), bias: bias?.value))
    }
  }

  func callAsFunction(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    switch self {
    case .frozen(let map): tape.linear(x, map)
    case .trained(let weight, let bias): tape.linear(x, weight: weight, bias: bias)
    }
  }

  /// `[outputs, inputs]`; copied out of the panels if packed.
  var weight: Tensor<Scalar> {
    switch self {
    case .frozen(let map): map.weight.unpacked()
    case .trained(let weight, _): weight.value
    }
  }

  /// `[outputs]`, if there is one.
  var bias: Tensor<Scalar>? {
    switch self {
    case .frozen(let map): map.bias
    case .trained(_, let bias): bias?.value
    }
  }
}
