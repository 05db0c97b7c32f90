import Inputs
import Testing

@testable import CausalModels

struct CausalSamplingTests {
  private func share(_ model: CausalModel, _ draw: CausalSampling.Draw, of name: String) throws
    -> Double
  {
    let sampling = try CausalSampling(model, seed: 1, name: "train", draw: draw)
    let place = try model.place(of: name)
    var hits = 0
    for i in 0..<2000 where try sampling.factual(i)[place] == .boolean(true) { hits += 1 }
    return Double(hits) / 2000
  }

  @Test func `balanced draws give an output its values equally often, uniform ones the inputs`()
    throws
  {
    // Five standard errors of 2000 draws: 0.056 at a half, 0.049 at a quarter.
    #expect(abs(try share(conjunction(), .balanced, of: "C") - 0.5) < 0.056)
    #expect(abs(try share(conjunction(), .uniform, of: "C") - 0.25) < 0.049)
    for name in ["O", "WX", "YZ"] {
      #expect(abs(try share(equality(), .balanced, of: name) - 0.5) < 0.056, "\(name)")
    }
  }

  @Test func `endless domains are balanced too, since parents of one function share fresh values`()
    throws
  {
    let task = try CausalTask.hierarchicalEquality()
    for name in ["O", "WX", "YZ"] {
      #expect(abs(try share(task.model, .balanced, of: name) - 0.5) < 0.056, "\(name)")
    }
    let sampling = try CausalSampling(task.model, seed: 3, name: "train")
    let objects = try (0..<50).flatMap { Array(try sampling.factual($0)[0..<4]) }
    // Each example has objects of its own: two in each pair, or one.
    #expect(Set(objects).count > 100)
    #expect(
      objects.allSatisfy {
        $0.numbers?.count == 4 && $0.numbers?.allSatisfy { abs($0) <= 1 } == true
      })
  }

  @Test func `an example depends on seed, name and number alone`() throws {
    let model = try equality()
    let one = try CausalSampling(model, seed: 7, name: "train")
    let again = try CausalSampling(model, seed: 7, name: "train")
    let other = try CausalSampling(model, seed: 8, name: "train")
    let test = try CausalSampling(model, seed: 7, name: "test")
    let forward = try (0..<40).map { try one.counterfactual($0) }
    let backward = try (0..<40).reversed().map { try again.counterfactual($0) }
    #expect(forward == backward.reversed())
    #expect(try forward != (0..<40).map { try other.counterfactual($0) })
    #expect(try forward != (0..<40).map { try test.counterfactual($0) })
  }

  @Test func `a counterfactual's result is the interchange of its base and sources`() throws {
    let model = try equality()
    let sampling = try CausalSampling(model, seed: 2, name: "train")
    var kinds: [[Int]: Int] = [:]
    for i in 0..<600 {
      let made = try sampling.counterfactual(i)
      kinds[made.variables, default: 0] += 1
      var sources: [String: [String: CausalValue]] = [:]
      for (variable, source) in zip(made.variables, made.sources) {
        sources[model.variables[variable].name] = model.named(source)
        #expect(try model.run(model.placed(inputs(of: model, source))) == source)
      }
      let expected = try model.interchange(base: inputs(of: model, made.base), sources: sources)
      #expect(model.named(made.result) == expected)
    }
    // WX, YZ and both: a third each, within five standard errors.
    #expect(kinds.count == 3 && kinds.values.allSatisfy { abs($0 - 200) < 58 })
  }

  @Test func `sources by value leave the rest to chance, others are like bases`()
    throws
  {
    let task = try CausalTask.hierarchicalEquality()
    let (wx, yz) = (try task.model.place(of: "WX"), try task.model.place(of: "YZ"))
    func shares(_ sources: CausalSampling.SourceDraw) throws -> (own: Double, other: Double) {
      let sampling = try CausalSampling(
        task.model, seed: 5, name: "train", sources: sources, intervene: ["WX"])
      var (own, other) = (0, 0)
      for number in 0..<1000 {
        let source = try sampling.counterfactual(number).sources[0]
        if source[wx] == .boolean(true) { own += 1 }
        if source[yz] == .boolean(true) { other += 1 }
      }
      return (Double(own) / 1000, Double(other) / 1000)
    }
    // Five standard errors of 1000 draws at a half.
    let (byValue, likeBases) = (try shares(.byValue), try shares(.likeBases))
    #expect(abs(byValue.own - 0.5) < 0.08 && byValue.other < 0.01)
    #expect(abs(likeBases.own - 0.5) < 0.08 && abs(likeBases.other - 0.5) < 0.08)
  }

  private func inputs(of model: CausalModel, _ setting: [CausalValue]) -> [String: CausalValue] {
    Dictionary(uniqueKeysWithValues: model.inputs.map { (model.variables[$0].name, setting[$0]) })
  }

  @Test func `choices, filters, conditions and shared inputs hold`() throws {
    let model = try equality()
    let one = try CausalSampling(model, seed: 2, name: "a", intervene: ["YZ"], choice: .all)
    #expect(try (0..<20).allSatisfy { try one.counterfactual($0).variables == [5] })
    let shared = try CausalSampling(
      model, seed: 2, name: "a", intervene: ["WX", "YZ"], choice: .one, shared: ["W"],
      filter: { _, setting in setting["WX"] == .boolean(true) })
    for i in 0..<30 {
      let made = try shared.counterfactual(i)
      #expect(made.variables.count == 1 && made.base[4] == .boolean(true))
      #expect(made.sources.allSatisfy { $0[0] == made.base[0] && $0[4] == .boolean(true) })
    }
    let never = try CausalSampling(model, seed: 2, name: "a") { _, _ in false }
    expectRefusal(naming: "no setting that is kept") { try never.factual(0) }
    expectRefusal(naming: "intervene", "\"Q\"") {
      try CausalSampling(model, seed: 1, name: "a", intervene: ["Q"])
    }
    expectRefusal(naming: "shared", "\"WX\"", "inputs: W, X, Y, Z") {
      try CausalSampling(model, seed: 1, name: "a", shared: ["WX"])
    }
    expectRefusal(naming: "no variable to intervene on") {
      try CausalSampling(conjunction(), seed: 1, name: "a").counterfactual(0)
    }
    let impossible = try CausalModel(
      [CausalVariable("A", flags)], constraint: CausalConstraint(formula: "A and not A"))
    expectRefusal(naming: "no setting that is kept") {
      try CausalSampling(impossible, seed: 1, name: "a").factual(0)
    }
    expectRefusal(naming: "require", "\"B\"") {
      try CausalModel([CausalVariable("A", flags)], constraint: CausalConstraint(formula: "B"))
    }
  }
}
