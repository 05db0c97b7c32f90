internal import Autodiff
public import Models
internal import Tensors

extension ResNetModel {
  /// A network whose weights are seeded normal draws; variances are above 0 and gains around 1.
  public static func random(_ shape: ResNetShape, seed: UInt64 = 1) -> ResNetModel {
    var random = SeededRandom(seed: seed)
    let buffers = shape.weights.filter { $0.use == .buffer }.map(\.name)
    let pairs = shape.weights.map { spec -> (name: String, variable: Variable<Scalar>) in
      let draws = Tensor<Scalar>.normal(spec.size, using: &random)
      if spec.name.hasSuffix("running_var") {
        return (spec.name, Variable((draws * draws).scaled(by: 0.5, plus: 0.5)))
      }
      let isVector = spec.size.count == 1
      let inputs = Double(spec.size.dropFirst().reduce(1, *))
      let isGain = isVector && spec.name.hasSuffix("normalization.weight")
      return (
        spec.name,
        Variable(
          draws.scaled(
            by: Scalar(isVector ? 0.2 : 1 / inputs.squareRoot()), plus: isGain ? 1 : 0))
      )
    }
    return ResNetModel(shape, NamedWeights(pairs, buffers: Set(buffers)))
  }
}

extension ResNetShape {
  /// Small networks, one of each kind, with every choice made once each way.
  public static let small: [ResNetShape] = [
    ResNetShape(
      channels: 2, embeddingWidth: 4, stages: [(4, 2), (6, 1)], layerType: .basic, classes: 3),
    ResNetShape(
      channels: 3, embeddingWidth: 4, stages: [(8, 1), (12, 2)], layerType: .bottleneck,
      activation: .geluErf, downsamplesInFirstStage: true, downsamplesInBottleneck: true,
      classes: 4),
    ResNetShape(
      channels: 1, embeddingWidth: 5, stages: [(8, 1), (8, 1)], layerType: .bottleneck,
      activation: .silu, classes: 2),
  ]
}

extension ModelInputs {
  /// Seeded images of the given sizes.
  public static func randomImages(
    _ sizes: [(height: Int, width: Int)], channels: Int, seed: UInt64 = 3
  ) -> ModelInputs {
    var random = SeededRandom(seed: seed)
    return .images(sizes.map { .normal([channels, $0.height, $0.width], using: &random) })
  }
}
