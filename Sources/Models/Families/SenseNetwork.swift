internal import Autodiff
internal import Tensors

/// Makes a token's sense vectors from its embedding, without looking at other tokens.
///
/// Hewitt et al., 2023, <https://arxiv.org/abs/2305.16765>, section 3.1.
struct SenseNetwork<Scalar: Real>: Sendable {
  private let norm, blockNorm, lastNorm: Norm<Scalar>
  private let blockUp, blockDown, up, down: Linear<Scalar>
  private let activation: Activation

  init(_ shape: BackpackShape, _ weights: LayerWeights<Scalar>) {
    let block = shape.decoder.blocks[0]
    func norm(_ name: String) -> Norm<Scalar> {
      weights.layerNorm("backpack.sense_network.\(name)", epsilon: block.norm.epsilon)
    }
    func linear(_ name: String) -> Linear<Scalar> {
      weights.linear("backpack.sense_network.\(name)")
    }
    self.norm = norm("ln")
    (blockNorm, lastNorm) = (norm("block.ln_1"), norm("block.ln_2"))
    (blockUp, blockDown) = (linear("block.mlp.c_fc"), linear("block.mlp.c_proj"))
    (up, down) = (linear("final_mlp.c_fc"), linear("final_mlp.c_proj"))
    activation = block.mlp.form.activation
  }

  /// - Parameter embeddings: `[rows, width]`.
  /// - Returns: `[rows, senses · width]`.
  func callAsFunction(_ embeddings: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    let entering = tape.add(norm(embeddings, on: tape), embeddings)
    let hidden = tape.activate(blockUp(blockNorm(entering, on: tape), on: tape), activation)
    let leaving = tape.add(blockDown(hidden, on: tape), entering)
    return down(tape.activate(up(lastNorm(leaving, on: tape), on: tape), activation), on: tape)
  }
}
