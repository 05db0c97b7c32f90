import Autodiff
import Interventions
import Models
import Tensors

/// Steps of distributed alignment search as jobs of kind `das` take them, on one thread.
///
/// GPT-2 small shape, block output of layer 6, batch 16 of 20 tokens in two microbatches, cross
/// entropy at the last position, Adam. What unchanged runs give is kept, as from the second epoch on.
enum TrainingBenchmark {
  private static let (batch, length, microbatch) = (16, 20, 8)

  private struct Case {
    let name: String
    let intervention: any Intervention<Float>
    let position: Int
  }

  static func steps() throws -> [String] {
    let model = DecoderModel<Float>.randomGPT2(layers: 12, width: 768, vocabulary: 50257)
    var random = SplitMix(state: 3)
    let tall = OrthogonalWeight<Float>(rows: 768, columns: 32, using: &random)
    let square = OrthogonalWeight<Float>(rows: 768, columns: 768, using: &random)
    let cases = [
      Case(name: "last", intervention: LowRankRotatedSpace(tall), position: length - 1),
      Case(name: "middle", intervention: LowRankRotatedSpace(tall), position: length / 2),
      Case(name: "full_rotation", intervention: RotatedSpace(square), position: length - 1),
    ]
    return try cases.map { one in
      let setup = try InterventionBenchmark.setup(one.intervention, layer: 6, in: model)
      let calls = (0..<batch / microbatch).map { part in
        let places = UnitPlaces(positions: .same([one.position]))
        return InterventionCall<Float>(
          base: InterventionBenchmark.tokens(microbatch, length, seed: UInt64(10 + part)),
          sources: [InterventionBenchmark.tokens(microbatch, length, seed: UInt64(20 + part))],
          places: [.init(source: places, base: places)])
      }
      guard let frozen = FrozenRun(model, setup) else { return "" }
      let caches = calls.map { frozen.caches(of: $0) }
      let labels = (0..<batch).map { 17 * $0 }
      let addresses = InterventionTraining.addresses(in: setup)
      var optimizer = Adam<Float>([ParameterGroup(count: addresses.count, rate: 1e-3)])
      var trained = setup
      let time = InterventionBenchmark.median {
        let prepared = PreparedInterventions(trained, widths: [768])
        var sum = [Float](repeating: 0, count: prepared.values.gradientCount)
        for (part, call) in calls.enumerated() {
          let tape = Tape<Float>()
          let (parameters, leaves) = prepared.values.leaves(on: tape)
          let logits = frozen(call, caches[part], parameters, on: tape)
          let own = Array(labels[part * microbatch..<(part + 1) * microbatch])
          let loss = tape.scale(tape.crossEntropy(logits, labels: own), by: 0.5)
          var place = 0
          for gradient in tape.gradients(of: loss, at: leaves) {
            gradient.withPointer { from in
              for i in 0..<gradient.count { sum[place + i] += from[i] }
            }
            place += gradient.count
          }
        }
        let (gradients, _) = prepared.gradients(at: addresses, from: sum) { _, _ in nil }
        let values = addresses.compactMap {
          trained.interventions[$0.intervention].parameters[$0.name]
        }
        for (address, value) in zip(
          addresses, optimizer.step(values, gradients: gradients, factor: 1))
        {
          trained.interventions[address.intervention].parameters[address.name] = value
        }
      }
      return "{\"name\": \"das_step_\(one.name)\", \"seconds\": \(time)}"
    }
  }
}
