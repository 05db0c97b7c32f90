import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Generation with keys and values kept.
struct GenerationTests {
  private func plain(
    _ model: DecoderModel<Float>
  ) -> (InterventionSetup<Float>, InterventionCall<Float>) {
    (
      InterventionSetup(interventions: [], entries: []),
      InterventionCall(base: .tokens(RunSupport.base), places: [])
    )
  }

  /// Greedy tokens by a whole run for each, example by example.
  private func slow(
    _ model: DecoderModel<Float>, _ prompt: [Int], count: Int,
    visit: ((SiteValue<Float>) -> Variable<Float>)? = nil
  ) -> [Int] {
    var tokens = prompt
    for _ in 0..<count {
      let logits = model.run(.tokens([tokens]), on: Tape(), visit: visit).value
      let last = logits.rows(logits.rows - 1..<logits.rows).elements
      tokens.append(last.firstIndex(of: last.max() ?? 0) ?? 0)
    }
    return tokens
  }

  @Test(arguments: RunSupport.shapes)
  func `kept keys and values give the tokens of whole runs`(shape: DecoderShape) throws {
    let model = RunSupport.model(shape)
    let (setup, call) = plain(model)
    let generation = Generation(model, setup, passes: .init(actsOnPrompt: false))
    try generation.check(call, count: 9)
    var choose = TokenChoice()
    let found = generation(call, count: 9) { choose($0) }.tokens
    #expect(found == RunSupport.base.map { slow(model, $0, count: 9) })
  }

  @Test(arguments: RunSupport.shapes)
  func `a change in every pass is a change of every row of whole runs`(
    shape: DecoderShape
  ) throws {
    let model = RunSupport.model(shape)
    let push = RunSupport.random([shape.width]).scaled(by: 2)
    let setup = try InterventionSetup<Float>(
      [Representation(Addition(), at: .blockOutput, layer: 1)], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), places: [.init(base: .whole, given: .init(push))])
    let generation = Generation(model, setup, passes: .init(actsOnPrompt: true))
    try generation.check(call, count: 8)
    var choose = TokenChoice()
    let found = generation(call, count: 8) { choose($0) }.tokens
    let expected = RunSupport.base.map { prompt in
      slow(model, prompt, count: 8) { here in
        guard here.site == .blockOutput, here.layer == 1 else { return here.value }
        return Variable(here.value.value.addingToRows(push))
      }
    }
    #expect(found == expected)
    #expect(found != RunSupport.base.map { slow(model, $0, count: 8) })
  }

  @Test
  func `named steps are the only ones that change`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let setup = try InterventionSetup<Float>(
      [
        Representation(Zero(), at: .mlpOutput, layer: 1),
        Representation(Collect(), at: .mlpOutput, layer: 1),
      ], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), places: [.init(base: .whole), .init(base: .whole)])
    func seen(_ passes: Generation<Float>.Passes) -> [[Int]] {
      var choose = TokenChoice()
      return Generation(model, setup, passes: passes)(call, count: 5) { choose($0) }
        .collected.map(\.shape)
    }
    let width = model.shape.width
    #expect(seen(.init(actsOnPrompt: false)) == Array(repeating: [3, 1, width], count: 4))
    #expect(seen(.init(actsOnPrompt: false, steps: [1])) == [[3, 1, width]])
    #expect(
      seen(.init(actsOnPrompt: true)) == [[15, width]] + Array(repeating: [3, 1, width], count: 4))
  }

  @Test
  func `a seed gives the same draws, another seed others`() {
    let model = RunSupport.model(RunSupport.shapes[1])
    let (setup, call) = plain(model)
    let generation = Generation(model, setup, passes: .init(actsOnPrompt: false))
    func tokens(_ seed: UInt64, _ sampling: TokenChoice.Sampling) -> [[Int]] {
      var choose = TokenChoice(sampling, seed: seed)
      return generation(call, count: 12) { choose($0) }.tokens
    }
    let warm = TokenChoice.Sampling(temperature: 3)
    #expect(tokens(1, warm) == tokens(1, warm))
    #expect(tokens(1, warm) != tokens(2, warm))
    var greedy = TokenChoice()
    let cold = generation(call, count: 12) { greedy($0) }.tokens
    #expect(tokens(1, .init(temperature: 1e-6)) == cold)
    #expect(tokens(5, .init(temperature: 3, top: 1)) == cold)
  }

  @Test
  func `generation past the context is refused`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let (setup, call) = plain(model)
    let generation = Generation(model, setup, passes: .init(actsOnPrompt: false))
    #expect(throws: Never.self) { try generation.check(call, count: 58) }
    #expect(throws: Refusal.self) { try generation.check(call, count: 59) }
    #expect(throws: Refusal.self) { try generation.check(call, count: .max) }
  }
}
