internal import Autodiff
internal import Tensors

/// A norm of queries or keys.
struct QueryKeyNorm<Scalar: Real>: Sendable {
  private enum Form: Sendable {
    case head(Norm<Scalar>, width: Int)
    case whole(Norm<Scalar>)
    /// A gain for each coordinate of each head, after heads are normalised.
    case eachHead(Norm<Scalar>, width: Int, gains: [Variable<Scalar>])
  }

  private let form: Form

  init(
    _ shape: AttentionShape.QueryKeyNorm, heads: Int, headWidth: Int, gains: [Variable<Scalar>],
    bias: Variable<Scalar>?
  ) {
    let gain = gains.first
    switch shape {
    case .head(let norm):
      form = .head(Norm(norm, width: headWidth, gain: gain, bias: bias), width: headWidth)
    case .whole(let norm):
      form = .whole(Norm(norm, width: heads * headWidth, gain: gain, bias: bias))
    case .eachHead(var norm):
      norm.hasGain = false
      form = .eachHead(
        Norm(norm, width: headWidth, gain: nil, bias: nil), width: headWidth, gains: gains)
    }
  }

  func callAsFunction(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    switch form {
    case .head(let norm, let width): return norm(x, parts: width, on: tape)
    case .whole(let norm): return norm(x, on: tape)
    case .eachHead(let norm, let width, let gains):
      let rows = tape.concatenate(gains.map { tape.reshape($0, [1, width]) })
      return tape.multiplyRow(
        norm(x, parts: width, on: tape), tape.reshape(rows, [gains.count * width]))
    }
  }
}
