import Autodiff
import Interventions
import Models
import Tensors
import Testing

/// A model of one's own: doubles its inputs, then adds one.
private struct Doubling: IntervenableModel {
  var sites: [(site: Site, layers: Range<Int>)] {
    [(.blockInput, 0..<1), (.mlpOutput, 0..<1), (.blockOutput, 0..<1)]
  }

  func width(of site: Site) -> Int { 2 }
  func heads(of site: Site) -> Int? { nil }

  func site(atModulePath path: String) -> (site: Site, layer: Int)? {
    path == "double.output" ? (.mlpOutput, 0) : nil
  }

  func run(
    _ inputs: ModelInputs<Float>, on tape: Tape<Float>,
    visit: ((SiteValue<Float>) -> Variable<Float>)?
  ) -> Variable<Float> {
    guard case .embeddings(let values) = inputs else { preconditionFailure("no embeddings") }
    let places = RowPlaces(Batch(lengths: inputs.lengths))
    func pass(_ site: Site, _ value: Variable<Float>) -> Variable<Float> {
      visit?(SiteValue(site: site, layer: 0, value: value, places: places)) ?? value
    }
    let doubled = pass(
      .mlpOutput, tape.scale(pass(.blockInput, Variable(.concatenated(values))), by: 2))
    return pass(.blockOutput, Variable(doubled.value.scaled(by: 1, plus: 1)))
  }
}

struct ChecklistOwnModelTests {
  @Test
  func `a model of one's own needs sites and a forward pass, nothing else`() throws {
    let model = Doubling()
    let setup = try InterventionSetup<Float>(
      [
        Representation(Vanilla(), at: .blockInput, layer: 0),
        Representation(Addition(), at: .mlpOutput, layer: 0),
        Representation(Collect(), at: .blockOutput, layer: 0),
      ], in: model)
    let (first, last) = (
      UnitPlaces(positions: .same([0])), UnitPlaces(positions: .each([[1], [0]]))
    )
    let call = InterventionCall<Float>(
      base: .embeddings([Tensor([2, 2], [1, 2, 3, 4]), Tensor([1, 2], [5, 6])]),
      sources: [.embeddings([Tensor([1, 2], [10, 20]), Tensor([1, 2], [30, 40])]), nil, nil],
      places: [
        .init(source: first, base: first),
        .init(base: last, given: .init(Tensor([2], [0.5, 0.25]))), .init(base: last),
      ])
    let run = InterventionRun(model, setup)
    try run.check(call)
    let found = run(call, on: Tape(), wantsOriginal: true)
    #expect(found.original?.value.elements == [3, 5, 7, 9, 11, 13])
    #expect(found.logits.value.elements == [21, 41, 7.5, 9.25, 61.5, 81.25])
    #expect(found.collected[0].value.elements == [7.5, 9.25, 61.5, 81.25])
  }
}
