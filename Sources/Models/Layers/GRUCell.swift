internal import Autodiff
internal import Tensors

/// A gated recurrent cell, with a named site wherever a value is made.
///
///     r = σ(xᵣ + hᵣ)        z = σ(x_z + h_z)        n = tanh(xₙ + r · hₙ)
///     h′ = z · h + (1 − z) · n
///
/// `x…` are thirds of an affine map of the input, `h…` of one of the former state.
struct GRUCell<Scalar: Real>: Sendable {
  var x2h, h2h: Linear<Scalar>

  /// The new state, `[examples, width]`.
  func callAsFunction(
    _ input: Variable<Scalar>, state: Variable<Scalar>, on tape: Tape<Scalar>,
    visit: (Site, Variable<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    let width = state.value.width
    let x = visit(.x2hOutput, x2h(visit(.cellInput, input), on: tape))
    let state = visit(.stateInput, state)
    let h = visit(.h2hOutput, h2h(state, on: tape))
    func third(_ index: Int, of whole: Variable<Scalar>, _ site: Site) -> Variable<Scalar> {
      visit(site, tape.columns(whole, index * width..<(index + 1) * width))
    }
    let (resetX, resetH) = (third(0, of: x, .resetX2HOutput), third(0, of: h, .resetH2HOutput))
    let (updateX, updateH) = (third(1, of: x, .updateX2HOutput), third(1, of: h, .updateH2HOutput))
    let (newX, newH) = (third(2, of: x, .newX2HOutput), third(2, of: h, .newH2HOutput))

    let reset = visit(
      .resetGateOutput, tape.sigmoid(visit(.resetGateInput, tape.add(resetX, resetH))))
    let update = visit(
      .updateGateOutput, tape.sigmoid(visit(.updateGateInput, tape.add(updateX, updateH))))
    let new = visit(
      .newGateOutput,
      tape.tanh(visit(.newGateInput, tape.add(newX, tape.multiply(reset, newH)))))
    let kept = tape.multiply(update, state)
    let taken = tape.multiply(tape.scale(update, by: -1, plus: 1), new)
    return visit(.cellOutput, tape.add(kept, taken))
  }
}
