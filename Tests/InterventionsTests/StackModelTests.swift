import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Encoder-decoders and models of images, under interventions at all of their sites.
struct StackModelTests {
  private func logits(
    _ model: any TrainableModel<Float>, _ intervention: any Intervention<Float>, at site: Site,
    _ layer: Int, _ inputs: ModelInputs<Float>, isNaive: Bool
  ) throws -> [Float] {
    let setup = try InterventionSetup(
      [Representation(intervention, at: site, layer: layer, unit: unit(of: site))], in: model)
    let call = InterventionCall<Float>(
      base: inputs, sources: [inputs], places: [.init(source: .whole, base: .whole)])
    let run = InterventionRun(model, setup, isNaive: isNaive)
    try run.check(call)
    let result = run(call, on: Tape(), wantsOriginal: true)
    let plain = model.run(inputs, on: Tape(), visit: nil).value.elements
    #expect(result.original?.value.elements == plain, "\(site)")
    return result.logits.value.elements
  }

  private func unit(of site: Site) -> UnitAxis {
    site.isSplitIntoHeads || site.own == .attentionWeight ? .head : .position
  }

  @Test(arguments: StackModel.all, [false, true])
  func `values put back leave every bit, and zeros at any site change logits`(
    kind: StackModel, isNaive: Bool
  ) throws {
    let model = try kind.model()
    let inputs: ModelInputs<Float> = kind.inputs()
    let plain = model.run(inputs, on: Tape(), visit: nil).value.elements
    for (site, layers) in model.sites {
      for layer in layers {
        let same = try logits(model, Vanilla(), at: site, layer, inputs, isNaive: isNaive)
        #expect(same == plain, "\(site) of layer \(layer)")
        let zeroed = try logits(model, Zero(), at: site, layer, inputs, isNaive: isNaive)
        #expect(zeroed != plain, "\(site) of layer \(layer)")
      }
    }
  }

  @Test(arguments: StackModel.all)
  func `an exchange of some positions by cone is the naive one to the bit`(
    kind: StackModel
  ) throws {
    let model = try kind.model()
    for (site, layers) in model.sites where unit(of: site) == .position && site != .logits {
      let setup = try InterventionSetup(
        [Representation<Float>(Vanilla(), at: site, layer: layers.upperBound - 1)], in: model)
      let places = UnitPlaces(positions: .each([[1], [2, 0], [0]]))
      let call = InterventionCall<Float>(
        base: kind.inputs(), sources: [kind.inputs(seed: 2)],
        places: [.init(source: places, base: places)])
      let runs = [true, false].map { InterventionRun(model, setup, isNaive: $0) }
      try runs[0].check(call)
      let results = runs.map { $0(call, on: Tape()).logits.value.elements }
      #expect(results[0] == results[1], "\(site)")
    }
  }

  @Test func `positions are counted on the side that a site belongs to`() throws {
    let kind = StackModel.all[0]
    let model = try kind.model()
    func check(_ site: Site, _ position: Int) throws {
      let setup = try InterventionSetup(
        [Representation<Float>(Zero(), at: site, layer: 0)], in: model)
      let places = UnitPlaces(positions: .each([[position], [0], [0]]))
      try InterventionRun(model, setup).check(
        InterventionCall(base: kind.inputs(), places: [.init(base: places)]))
    }
    // Five tokens to read and four to go on from.
    try check(.encoderBlockOutput, 4)
    try check(.decoderCrossKeyOutput, 4)
    try check(.decoderCrossQueryOutput, 3)
    for (site, position) in [
      (Site.encoderBlockOutput, 5), (.decoderBlockOutput, 4), (.decoderCrossQueryOutput, 4),
    ] {
      let refusal = #expect(throws: Refusal.self) { try check(site, position) }
      #expect(
        refusal?.expected.hasPrefix("0 to \(position - 1), the positions of the example") == true)
    }
  }
}
