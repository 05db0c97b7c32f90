import Autodiff
import Models
import Tensors
import Testing
import _TestSupport

/// Gradients with respect to every weight of models small enough to move each by itself.
struct WeightGradientTests {
  private func expectGradients<M: TrainableModel<Double>>(
    of model: M, on inputs: ModelInputs<Double>
  ) {
    let weights = model.weights
    expectGradient(
      at: weights.all.map(\.value), tolerance: Tolerance(absolute: 1e-7, relative: 1e-5)
    ) { tape, leaves in
      let given = NamedWeights(zip(weights.names, leaves).map { ($0, $1) })
      return model.with(given, on: tape).run(inputs, on: tape, visit: nil)
    }
  }

  @Test(arguments: [
    GRUShape.Head.classifier(classes: 2), .languageModel(tied: true), .languageModel(tied: false),
  ])
  func `a recurrent model's gradients agree with central differences`(head: GRUShape.Head) {
    let shape = GRUShape.tiny(head)
    var model = GRUModel<Double>(shape, .random(shape.weights))
    model.addsPositions = true
    expectGradients(of: model, on: .tokens([[1, 4, 1], [0], [3, 2]]))
  }

  @Test(arguments: [Activation.silu, .geluErf, .geluTanh])
  func `a perceptron's gradients agree with central differences`(activation: Activation) {
    let shape = MLPShape(layers: 2, width: 3, activation: activation, classes: 4, bias: true)
    expectGradients(
      of: MLPModel<Double>(shape, .random(shape.weights)), on: .random(lengths: [1, 2], width: 3))
  }

  @Test func `a Backpack's gradients agree with central differences`() {
    let shape = BackpackShape.tiny
    expectGradients(
      of: BackpackModel<Double>(shape, .random(shape.weights)), on: .tokens([[1, 4, 2], [0, 1]]))
  }

  @Test func `gradients of a decoder's weights agree with central differences`() {
    let shapes = [
      DecoderShape.gpt2(layers: 1, width: 4, heads: 2, vocabulary: 5, positions: 4),
      .llama(layers: 1, width: 4, heads: 2, keyHeads: 1, mlpWidth: 6, vocabulary: 5),
    ]
    for shape in shapes {
      expectGradients(of: DecoderModel<Double>.random(shape), on: .tokens([[1, 4, 2], [0, 1]]))
    }
  }
}
