import Interventions
import Models
import Tensors

/// Greedy generation of 128 tokens, with and without a vector that is added in every step.
enum GenerationBenchmark {
  private static let (prompt, new, layer) = (16, 128, 15)

  /// - Returns: The seconds of each round for batches of 1 and 8 texts, as JSON.
  static func run(model path: String, rounds: Int) throws -> [String] {
    let model = try PublishedModel(path).load()
    let plain = InterventionSetup<Float>(interventions: [], entries: [])
    let addition = try setup(in: model)
    return [1, 8].flatMap { batch in
      let texts = ModelInputs<Float>.tokens(
        (0..<batch).map { text in
          (0..<prompt).map { (7919 * text + 31 * $0 + 1) % 30000 }
        })
      return [("plain", plain), ("added", addition)].map { name, setup in
        let call = InterventionCall<Float>(
          base: texts, places: setup.entries.map { _ in places(model.shape.width) })
        let times = (0..<rounds).map { _ in seconds { generate(model, setup, call) } }
        return """
          {"name": "\(name)_\(batch)", "seconds": [\(times.map { "\($0)" }.joined(separator: ", "))]}
          """
      }
    }
  }

  /// An addition to the output of one block.
  private static func setup(in model: DecoderModel<Float>) throws -> InterventionSetup<Float> {
    InterventionSetup(
      interventions: [Addition<Float>()],
      entries: [
        .init(
          key: "added", site: .blockOutput, layer: layer,
          grid: try UnitGrid(of: .blockOutput, along: .position, in: model), intervention: 0,
          group: 0)
      ])
  }

  private static func places(_ width: Int) -> InterventionCall<Float>.Places {
    let vector = Tensor<Float>([1, width], (0..<width).map { Float($0 % 3) - 1 })
    return .init(
      base: UnitPlaces(positions: .same([0])), given: .init(vector, repeatsOverExamples: true))
  }

  private static func generate(
    _ model: DecoderModel<Float>, _ setup: InterventionSetup<Float>, _ call: InterventionCall<Float>
  ) {
    let generation = Generation(model, setup, passes: .init(actsOnPrompt: false))
    var choice = TokenChoice()
    let result = generation(call, count: new, choosing: { choice($0, after: $1) })
    precondition(result.tokens.allSatisfy { $0.count == prompt + new }, "a text is too short")
  }
}
