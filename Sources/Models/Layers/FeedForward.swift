internal import Autodiff
public import Tensors

/// A feed-forward network with its weights.
public struct FeedForward<Scalar: Real>: Sendable {
  let form: FeedForwardShape.Form
  let gate: Linear<Scalar>?
  let up, down: Linear<Scalar>

  /// The network's output, where its parts are shown on their way.
  ///
  /// - Parameter visit: Called at each of the network's sites.
  func callAsFunction(
    _ read: Variable<Scalar>, on tape: Tape<Scalar>,
    visit: (Site, Variable<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    switch form {
    case .plain(let function):
      let open = visit(.mlpPreactivation, up(read, on: tape))
      return down(visit(.mlpActivation, tape.activate(open, function)), on: tape)
    case .gated(let function):
      let open = visit(.mlpPreactivation, gated(read, on: tape))
      let gate = visit(.mlpActivation, tape.activate(open, function))
      let other = visit(.mlpUpOutput, up(visit(.mlpUpInput, read), on: tape))
      return down(visit(.mlpProduct, tape.multiply(gate, other)), on: tape)
    case .clamped(let alpha, let limit):
      let (alpha, limit) = (Scalar(alpha), Scalar(limit))
      let open = visit(.mlpPreactivation, gated(read, on: tape))
      let cut = tape.clamp(open, from: -.infinity, to: limit)
      let gate = visit(
        .mlpActivation, tape.multiply(cut, tape.sigmoid(tape.scale(cut, by: alpha))))
      let other = visit(.mlpUpOutput, up(visit(.mlpUpInput, read), on: tape))
      let shifted = tape.scale(tape.clamp(other, from: -limit, to: limit), by: 1, plus: 1)
      return down(visit(.mlpProduct, tape.multiply(gate, shifted)), on: tape)
    }
  }

  private func gated(_ read: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    guard let gate else { preconditionFailure("a gated network has a gate") }
    return gate(read, on: tape)
  }
}
