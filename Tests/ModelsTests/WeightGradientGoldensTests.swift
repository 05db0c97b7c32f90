import Autodiff
import Checkpoints
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// Gradients of the loss with respect to models' own weights, as the published implementation's.
struct WeightGradientGoldensTests {
  static let goldens = ModelGoldens.named([
    "gpt2", "llama", "gemma2", "gpt_neox", "mlp_classifier", "gru_classifier",
  ])
  .filter { (try? $0.gradients()) != nil }

  /// The loss of the recording: of classes, or of each next token.
  private func loss(
    _ model: some TrainableModel<Float>, _ golden: GoldenModel, on tape: Tape<Float>
  ) throws -> Variable<Float> {
    let inputs = try golden.inputs()
    let logits = model.run(inputs, on: tape, visit: nil)
    guard case .tokens(let tokens) = inputs, try golden.opened().kind != .classifier else {
      return tape.crossEntropy(logits, labels: try golden.values().integers("labels"))
    }
    let length = tokens[0].count
    let rows = tokens.indices.flatMap { s in (0..<length - 1).map { s * length + $0 } }
    return tape.crossEntropy(tape.rows(logits, rows), labels: tokens.flatMap { $0.dropFirst() })
  }

  /// What transformers' module calls a weight that it saves under an older name.
  private static func parameter(_ name: String) -> String {
    name.replacing("embed_out.", with: "lm_head.")
  }

  private func trained<M: TrainableModel<Float>>(_ model: M, _ golden: GoldenModel) throws {
    let tape = Tape<Float>()
    let (onTape, weights) = model.trainable(on: tape)
    let loss = try loss(onTape, golden, on: tape)
    try golden.expect([loss.value.scalar], "loss", in: try golden.values())
    let recorded = try golden.gradients()
    let published = try golden.opened().checkpoint.tensors
    #expect(Set(weights.names) == Set(published.keys), "one gradient for each published tensor")
    for (name, gradient) in zip(weights.names, tape.gradients(of: loss, at: weights.all)) {
      #expect(gradient.shape == published[name]?.shape)
      let name = Self.parameter(name)
      guard recorded.tensors[name] != nil else { continue }
      try golden.expect(gradient.elements, name, in: recorded)
    }
    #expect(Set(recorded.tensors.keys).isSubset(of: weights.names.map(Self.parameter)))
  }

  @Test(arguments: goldens)
  func `gradients of every weight come back as the files are laid out`(
    golden: GoldenModel
  ) throws {
    let model = try golden.model()
    try trained(model, golden)
  }

  @Test func `the goldens that the repository carries are among those tested`() {
    #expect(Self.goldens.count { $0.testDescription.hasSuffix("fixture") } == 3)
  }
}
