internal import Autodiff
internal import Tensors

/// What makes logits of the last block's stream.
struct End<Scalar: Real>: Sendable {
  let shape: DecoderShape.Head
  let norm: Norm<Scalar>?
  let projection: Linear<Scalar>?
  let transform: (map: Linear<Scalar>, norm: Norm<Scalar>)?
  /// Nil where the model gives the last stream.
  let matrix: Linear<Scalar>?

  /// The logits of normalised rows, `[rows, vocabulary]`.
  func logits(_ read: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    var read = projection.map { $0(read, on: tape) } ?? read
    if let transform, let form = shape.transform {
      read = transform.norm(
        tape.activate(transform.map(read, on: tape), form.activation), on: tape)
    }
    if let scale = shape.scale { read = tape.scale(read, by: Scalar(scale)) }
    guard let logits = matrix?(read, on: tape) else { return read }
    guard let cap = shape.softCap.map({ Scalar($0) }) else { return logits }
    return tape.scale(tape.tanh(tape.scale(logits, by: 1 / cap)), by: cap)
  }
}
