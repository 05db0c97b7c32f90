internal import Autodiff
public import Tensors

/// A normalisation with its gain and bias, where it has them.
public struct Norm<Scalar: Real>: Sendable {
  let shape: NormShape
  /// `[width]`, as they are stored.
  private let gain, bias: Variable<Scalar>?
  /// The factors, where nothing of them is trained.
  private let constant: (factor: Variable<Scalar>, shift: Variable<Scalar>)?

  init(_ shape: NormShape, width: Int, gain: Variable<Scalar>?, bias: Variable<Scalar>?) {
    (self.shape, self.gain, self.bias) = (shape, gain, bias)
    let isTrained = (gain?.isTracked ?? false) || (bias?.isTracked ?? false)
    constant =
      isTrained
      ? nil : Self.terms(shape, width: width, gain: gain, bias: bias, on: Tape())
  }

  private static func terms(
    _ shape: NormShape, width: Int, gain: Variable<Scalar>?, bias: Variable<Scalar>?,
    on tape: Tape<Scalar>
  ) -> (factor: Variable<Scalar>, shift: Variable<Scalar>) {
    let ones = Variable(Tensor<Scalar>([width], Array(repeating: 1, count: width)))
    let factor = gain.map { shape.addsOne ? tape.add($0, ones) : $0 } ?? ones
    let noShift = shape.kind == .rms ? Tensor<Scalar>(zeros: [0]) : Tensor(zeros: [width])
    return (factor, bias ?? Variable(noShift))
  }

  func callAsFunction(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    let terms =
      constant ?? Self.terms(shape, width: x.value.width, gain: gain, bias: bias, on: tape)
    let epsilon = Scalar(shape.epsilon)
    return switch shape.kind {
    case .rms: tape.rmsNorm(x, weight: terms.factor, epsilon: epsilon)
    case .layer:
      tape.layerNorm(x, weight: terms.factor, bias: terms.shift, epsilon: epsilon)
    }
  }

  /// The same of each of a row's parts of the given width.
  func callAsFunction(
    _ x: Variable<Scalar>, parts width: Int, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let parts = tape.reshape(x, [x.value.rows * (x.value.width / width), width])
    return tape.reshape(self(parts, on: tape), x.shape)
  }
}
