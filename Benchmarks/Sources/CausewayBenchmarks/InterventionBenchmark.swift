import Autodiff
import Interventions
import Models
import Tensors

/// Steps of the intervention engine, on one thread.
enum InterventionBenchmark {
  static func setup(
    _ intervention: any Intervention<Float>, layer: Int, in model: DecoderModel<Float>
  ) throws -> InterventionSetup<Float> {
    InterventionSetup(
      interventions: [intervention],
      entries: [
        .init(
          key: "benchmark", site: .blockOutput, layer: layer,
          grid: try UnitGrid(of: .blockOutput, along: .position, in: model), intervention: 0,
          group: 0)
      ])
  }

  static func tokens(_ batch: Int, _ length: Int, seed: UInt64) -> ModelInputs<Float> {
    var random = SplitMix(state: seed)
    return .tokens((0..<batch).map { _ in (0..<length).map { _ in Int(random.next() % 1000) } })
  }

  /// The median of a few steps, after one that is not counted.
  static func median(_ body: () -> Void) -> Double {
    body()
    return (0..<5).map { _ in seconds(body) }.sorted()[2]
  }

  /// Forward and backward on the GPT-2 small shape: batch 8, 32 tokens, the gradient of the cross
  /// entropy at the last position to a rank-64 rotation at layer 6.
  static func gradients() throws -> [String] {
    let model = DecoderModel<Float>.randomGPT2(layers: 12, width: 768, vocabulary: 50257)
    var random = SplitMix(state: 3)
    let rotation = OrthogonalWeight<Float>(rows: 768, columns: 64, using: &random)
    let setup = try setup(LowRankRotatedSpace(rotation), layer: 6, in: model)
    let labels = (0..<8).map { 17 * $0 }
    let last = (0..<8).map { 32 * $0 + 31 }
    return [31, 16].flatMap { position in
      [true, false].map { isNaive in
        let places = UnitPlaces(positions: .same([position]))
        let call = InterventionCall<Float>(
          base: tokens(8, 32, seed: 4), sources: [tokens(8, 32, seed: 5)],
          places: [.init(source: places, base: places)])
        let time = median {
          let tape = Tape<Float>()
          let bound = setup.bound(on: tape, asLeaves: true)
          let run = InterventionRun(model, setup, isNaive: isNaive)
          let result = run(call, on: tape, parameters: bound, logits: isNaive ? .all : .last)
          let logits = isNaive ? tape.rows(result.logits, last) : result.logits
          let loss = tape.crossEntropy(logits, labels: labels)
          let leaf = bound[0]["rotate_layer.parametrizations.weight.original"]
          _ = tape.gradients(of: loss, at: [leaf])
        }
        let way = isNaive ? "naive" : "cone"
        return "{\"name\": \"gradient_\(way)_position_\(position)\", \"seconds\": \(time)}"
      }
    }
  }

  /// An interchange at layer 3 of 6 in batches of 1, 32 and 512 of 16 tokens, width 256, at one place
  /// for all examples and at a place of each one's own.
  static func places() throws -> [String] {
    let model = DecoderModel<Float>.randomGPT2(layers: 6, width: 256, vocabulary: 1000)
    let setup = try setup(Vanilla<Float>(), layer: 3, in: model)
    return [1, 32, 512].flatMap { batch in
      [true, false].map { isFixed in
        let each = (0..<batch).map { [isFixed ? 8 : 1 + $0 % 15] }
        let places = UnitPlaces(positions: .each(each))
        let call = InterventionCall<Float>(
          base: tokens(batch, 16, seed: 4), sources: [tokens(batch, 16, seed: 5)],
          places: [.init(source: places, base: places)])
        let time = median {
          _ = InterventionRun(model, setup, isNaive: true)(call, on: Tape())
        }
        let way = isFixed ? "fixed" : "varying"
        return "{\"name\": \"places_\(way)_batch_\(batch)\", \"seconds\": \(time)}"
      }
    }
  }
}
