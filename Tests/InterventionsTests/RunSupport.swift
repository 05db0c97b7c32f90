import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Random models and batches for runs with interventions.
enum RunSupport {
  static let shapes: [DecoderShape] = [
    .gpt2(layers: 4, width: 32, heads: 4, vocabulary: 30),
    .llama(layers: 4, width: 48, heads: 6, keyHeads: 2, mlpWidth: 40, vocabulary: 30), longShape,
  ]

  /// Angles go by how long a sequence is as a whole: the second of the examples is long (longrope).
  private static let longShape: DecoderShape = {
    var shape = DecoderShape.llama(
      layers: 4, width: 48, heads: 6, keyHeads: 2, mlpWidth: 40, vocabulary: 30)
    for layer in shape.blocks.indices {
      guard var rotary = shape.blocks[layer].attention.rotary else { continue }
      rotary.long = .init(
        length: 5, frequencies: rotary.frequencies.map { 0.3 * $0 }, factor: 1.2)
      shape.blocks[layer].attention.rotary = rotary
    }
    return shape
  }()

  /// Examples of unequal lengths.
  static let base: [[Int]] = [[3, 17, 5, 22, 9], [8, 1, 4, 29, 11, 6, 13], [2, 7, 7]]
  static let source: [[Int]] = [[4, 4, 21, 0, 19], [15, 2, 3, 5, 8, 27, 1], [9, 10, 12]]

  static func model(_ shape: DecoderShape) -> DecoderModel<Float> { .random(shape) }

  static func random(_ shape: [Int], seed: UInt64 = 5) -> Tensor<Float> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  static func rotation(_ width: Int, rank: Int? = nil) -> OrthogonalWeight<Float> {
    var random = SeededRandom(seed: 3)
    let start = OrthogonalWeight<Float>(rows: width, columns: rank ?? width, using: &random)
    // Away from the start, where the angles are zero and much is trivially right.
    let turn = Tensor<Float>.normal(start.original.shape, using: &random).scaled(by: 0.1)
    let angles = zip(start.original.elements, turn.elements).enumerated().map { place, pair in
      place / start.original.width == place % start.original.width ? pair.0 : pair.1
    }
    return OrthogonalWeight(
      base: start.base, original: Tensor(start.original.shape, angles))
  }

  static func logits(_ model: DecoderModel<Float>, _ tokens: [[Int]]) -> [Float] {
    model.run(.tokens(tokens), on: Tape(), visit: nil).value.elements
  }

  /// Sites at which a row is a vector of the site's own width.
  static let rowSites: [Site] = [
    .blockInput, .blockOutput, .attentionInput, .queryOutput, .keyOutput, .valueOutput,
    .attentionValueOutput, .attentionOutput, .mlpInput, .mlpActivation, .mlpOutput,
  ]

  /// The sites that only module paths name, each with its layers.
  static func pathSites(_ model: DecoderModel<Float>) -> [(site: Site, layers: Range<Int>)] {
    model.sites.filter { !Site.decoderSites.contains($0.site) }
  }
}
