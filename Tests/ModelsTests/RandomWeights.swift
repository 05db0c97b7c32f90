import Autodiff
import Models
import Tensors
import _TestSupport

extension NamedWeights {
  /// Seeded normal draws; gains of norms are near one.
  static func random(_ specs: [WeightSpec], seed: UInt64 = 1) -> NamedWeights {
    var random = SeededRandom(seed: seed)
    return NamedWeights(
      specs.map { spec in
        let isGain = spec.size.count == 1 && spec.name.hasSuffix("weight")
        let draws = Tensor<Scalar>.normal(spec.size, using: &random)
        return (spec.name, Variable(draws.scaled(by: 0.5, plus: isGain ? 1 : 0)))
      })
  }
}

extension GRUShape {
  /// Two cells of width 3.
  static func tiny(_ head: Head) -> GRUShape {
    GRUShape(
      layers: 2, width: 3, bias: true, hasEmbeddings: true, vocabulary: 5, positionCount: 6,
      head: head)
  }
}

extension BackpackShape {
  /// One block of width 4 and two senses.
  static var tiny: BackpackShape {
    BackpackShape(
      decoder: .gpt2(layers: 1, width: 4, heads: 2, vocabulary: 5, positions: 4), senses: 2,
      scale: 2)
  }
}

extension ModelInputs {
  /// Seeded embeddings of examples of the given lengths.
  static func random(lengths: [Int], width: Int, seed: UInt64 = 2) -> ModelInputs {
    var random = SeededRandom(seed: seed)
    return .embeddings(lengths.map { .normal([$0, width], using: &random) })
  }
}
