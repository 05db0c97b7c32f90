import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// A decoder that shows nothing of its keys and values: every pass of a generation runs whole.
private struct Forgetful: TrainableModel {
  var decoder: DecoderModel<Float>

  var sites: [(site: Site, layers: Range<Int>)] { decoder.sites }
  func width(of site: Site) -> Int { decoder.width(of: site) }
  func heads(of site: Site) -> Int? { decoder.heads(of: site) }
  func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    decoder.site(atModulePath: path)
  }
  func showing(_ sites: Set<Site>) -> Forgetful { Forgetful(decoder: decoder.showing(sites)) }
  func run(
    _ inputs: ModelInputs<Float>, on tape: Tape<Float>,
    visit: ((SiteValue<Float>) -> Variable<Float>)?
  ) -> Variable<Float> { decoder.run(inputs, on: tape, visit: visit) }
  var weights: NamedWeights<Float> { decoder.weights }
  func with(_ weights: NamedWeights<Float>, on tape: Tape<Float>) -> Forgetful {
    Forgetful(decoder: decoder.with(weights, on: tape))
  }
  var inputLimits: InputLimits { decoder.inputLimits }
}

/// Beams, chosen steps, and models that keep nothing.
struct GenerationChoiceTests {
  typealias Places = InterventionCall<Float>.Places

  private let model = RunSupport.model(RunSupport.shapes[0])

  private func generate(
    _ model: some TrainableModel<Float>, _ representations: [Representation<Float>],
    _ places: [Places], _ passes: GenerationPasses, count: Int = 6, beams: Int? = nil
  ) throws -> Generation<Float>.Result {
    let setup = try InterventionSetup(representations, in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base),
      sources: Array(repeating: .tokens(RunSupport.source), count: setup.groupCount),
      places: places)
    let generation = Generation(model, setup, passes: passes)
    try generation.check(call, count: count)
    if let beams { return generation(call, count: count, beams: beams) }
    var choose = TokenChoice()
    return generation(call, count: count) { choose($0) }
  }

  @Test
  func `what has no place beside what has one acts on the prompt too`() throws {
    let folder = try SpecFolder()
    func collected(_ locations: String, _ more: String = "") throws -> [[Int]] {
      let outputs = try folder.run(
        """
        {"model": "tiny", "kind": "generate", "base": {"input_ids": [[1, 2, 3, 9]]},
         "unit_locations": \(locations), "representations": [
           {"layer": 0, "intervention_type": "CollectIntervention"},
           {"layer": 1, "intervention_type": "ZeroIntervention"}],
         "generate": {"max_new_tokens": 3, "intervene_on_prompt": false\(more)}}
        """)()
      return outputs.names.filter { $0.hasPrefix("collected.") }
        .compactMap { outputs.floats($0)?.shape }
    }
    let (prompt, later) = ([1, 4, 12], [1, 1, 12])
    #expect(try collected(#"{"base": [null, [[0]]]}"#) == [prompt, later, later])
    #expect(try collected(#"{"base": [[[0]], [[0]]]}"#) == [later, later])
    #expect(try collected("null") == [later, later])
    #expect(try collected(#"{"base": [null, [[0]]]}"#, #", "steps": [1]"#) == [later])
  }

  /// The natural log of the probability of the tokens after a prompt.
  private func logProbability(_ tokens: [Int], after prompt: Int) -> Double {
    let logits = model.run(.tokens([tokens]), on: Tape(), visit: nil).value
    return (prompt..<tokens.count).reduce(0) { sum, position in
      let row = logits.rows(position - 1..<position).elements.map { Double($0) }
      let total = Tensor<Double>([row.count], row).map(.exp).elements.reduce(0, +)
      return sum + row[tokens[position]] - Tensor<Double>(scalar: total).map(.log).scalar
    }
  }

  @Test
  func `with a beam for each token two tokens are the most probable two`() throws {
    let found = try generate(
      model, [], [], .init(actsOnPrompt: false), count: 2, beams: model.shape.vocabulary)
    for (prompt, tokens) in zip(RunSupport.base, found.tokens) {
      var best = (-Double.infinity, [Int]())
      for first in 0..<model.shape.vocabulary {
        for second in 0..<model.shape.vocabulary {
          let all = prompt + [first, second]
          let score = logProbability(all, after: prompt.count)
          if score > best.0 { best = (score, all) }
        }
      }
      #expect(tokens == best.1)
    }
  }

  @Test
  func `one beam is greedy, and more beams find nothing less probable`() throws {
    let passes = GenerationPasses(actsOnPrompt: false)
    let greedy = try generate(model, [], [], passes).tokens
    #expect(try generate(model, [], [], passes, beams: 1).tokens == greedy)
    let wide = try generate(model, [], [], passes, beams: 5).tokens
    for (index, prompt) in RunSupport.base.enumerated() {
      #expect(
        logProbability(wide[index], after: prompt.count)
          >= logProbability(greedy[index], after: prompt.count) - 1e-4)
    }
  }

  @Test
  func `each beam is changed by its own values, and collected is the winner's`() throws {
    let zero = [
      Representation<Float>(Addition(), at: .mlpOutput, layer: 1),
      Representation<Float>(Collect(), at: .blockOutput, layer: 3),
    ]
    let given = InterventionCall<Float>.Given(Tensor(zeros: [model.shape.width]))
    let places = [Places(base: .whole, given: given), Places(base: .whole)]
    let passes = GenerationPasses(actsOnPrompt: false)
    let plain = try generate(model, [], [], passes, beams: 4)
    let found = try generate(model, zero, places, passes, beams: 4)
    #expect(found.tokens == plain.tokens)
    #expect(found.collected.map(\.shape) == Array(repeating: [3, 1, model.shape.width], count: 5))
    // What the winners came by is what a whole run over them comes by.
    for (index, prompt) in RunSupport.base.enumerated() {
      var seen: Tensor<Float>?
      _ = model.run(.tokens([found.tokens[index]]), on: Tape()) { here in
        if here.site == .blockOutput, here.layer == 3 { seen = here.value.value }
        return here.value
      }
      let rows = try #require(seen)
      for pass in 0..<5 {
        let own = found.collected[pass].reshaped([3, model.shape.width]).rows(index..<index + 1)
        let whole = rows.rows(prompt.count + pass..<prompt.count + pass + 1)
        #expect(
          Tolerance(absolute: 1e-4, relative: 1e-4).disagreement(own.elements, whole.elements)
            == nil)
      }
    }
  }

  @Test
  func `steps are chosen example by example, and by what was generated`() throws {
    let push = InterventionCall<Float>.Given(RunSupport.random([model.shape.width]).scaled(by: 9))
    let change = [
      Representation<Float>(Addition(), at: .blockOutput, layer: 2),
      Representation<Float>(Collect(), at: .blockOutput, layer: 2),
    ]
    let places = [
      Places(base: UnitPlaces(positions: .same([0])), given: push),
      Places(base: UnitPlaces(positions: .same([0]))),
    ]
    let plain = try generate(model, [], [], .init(actsOnPrompt: false)).tokens
    let all = try generate(model, change, places, .init(actsOnPrompt: false))
    let one = try generate(
      model, change, places, .init(actsOnPrompt: false, where: { $0.example == 1 }))
    #expect(one.tokens == [plain[0], all.tokens[1], plain[2]])
    #expect(all.tokens[1] != plain[1])
    #expect(one.collected.map(\.shape) == Array(repeating: [1, 1, model.shape.width], count: 5))
    let first = plain[1][RunSupport.base[1].count]
    let after = try generate(
      model, change, places,
      .init(
        actsOnPrompt: false,
        where: { $0.example == 1 && $0.index == 0 && $0.generated == [first] }))
    let step = try generate(
      model, change, places,
      .init(actsOnPrompt: false, where: { $0.example == 1 && $0.index == 0 }))
    #expect(after.tokens == step.tokens)
    #expect(after.collected.count == 1)
  }

  @Test
  func `heads joined by a rotation are changed in chosen examples only`() throws {
    let rotation = LowRankRotatedSpace<Float>(RunSupport.rotation(16, rank: 3))
    let heads = UnitPlaces(blocks: .same([2, 0]), positions: .same([0]))
    let change = [
      Representation<Float>(rotation, at: .headAttentionValueOutput, layer: 1, unit: .headPosition)
    ]
    let places = [Places(source: heads, base: heads)]
    let plain = try generate(model, [], [], .init(actsOnPrompt: false)).tokens
    let all = try generate(model, change, places, .init(actsOnPrompt: false)).tokens
    let some = try generate(
      model, change, places, .init(actsOnPrompt: false, where: { $0.example != 0 })
    ).tokens
    #expect(some == [plain[0], all[1], all[2]])
  }

  @Test(arguments: [true, false])
  func `a model that keeps nothing generates what one that keeps does`(onPrompt: Bool) throws {
    let position = UnitPlaces(positions: .same([0]))
    let heads = UnitPlaces(blocks: .same([1, 3]), positions: .same([0]))
    let change = [
      Representation<Float>(Vanilla(), at: .blockInput, layer: 1),
      Representation<Float>(
        Vanilla(), at: .headValueOutput, layer: 2, unit: .headPosition),
      Representation<Float>(Scale(factor: 3), at: .mlpOutput, layer: 3),
      Representation<Float>(Collect(), at: .mlpOutput, layer: 3),
      Representation<Float>(Scale(factor: 1.5), at: .finalNormOutput, layer: 0),
    ]
    let places = [
      Places(source: position, base: position), Places(source: heads, base: heads),
      Places(base: .whole), Places(base: .whole), Places(base: .whole),
    ]
    let passes = GenerationPasses(actsOnPrompt: onPrompt)
    let kept = try generate(model, change, places, passes)
    let again = try generate(Forgetful(decoder: model), change, places, passes)
    #expect(again.tokens == kept.tokens)
    #expect(again.tokens != (try generate(model, [], [], passes).tokens))
    #expect(again.collected.map(\.shape) == kept.collected.map(\.shape))
    for (a, b) in zip(again.collected, kept.collected) {
      #expect(Tolerance(absolute: 1e-4, relative: 1e-4).disagreement(a.elements, b.elements) == nil)
    }
  }
}
