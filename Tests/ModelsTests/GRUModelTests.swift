import Autodiff
import Tensors
import Testing
import _TestSupport

@testable import Models

struct GRUModelTests {
  private let shape = GRUShape.tiny(.classifier(classes: 4))
  private var model: GRUModel<Float> { GRUModel(shape, .random(shape.weights)) }
  private let tokens = [[1, 4, 0, 2], [3], [2, 2, 1]]

  @Test func `an example's scores do not depend on the other examples, to the bit`() {
    let together = model.run(.tokens(tokens), on: Tape(), visit: nil).value
    for (example, ids) in tokens.enumerated() {
      let alone = model.run(.tokens([ids]), on: Tape(), visit: nil).value
      #expect(alone.elements == together.rows(example..<example + 1).elements)
    }
  }

  @Test func `a language model's logits are packed like its inputs`() {
    let shape = GRUShape.tiny(.languageModel(tied: false))
    let model = GRUModel<Float>(shape, .random(shape.weights))
    let together = model.run(.tokens(tokens), on: Tape(), visit: nil).value
    #expect(together.shape == [8, 5])
    var start = 0
    for ids in tokens {
      let alone = model.run(.tokens([ids]), on: Tape(), visit: nil).value
      #expect(alone.elements == together.rows(start..<start + ids.count).elements)
      start += ids.count
    }
  }

  @Test func `the embeddings of the steps that are run are made, and no other`() {
    var model = model
    for addsPositions in [false, true] {
      model.addsPositions = addsPositions
      let all = model.stream(tokens.map { $0.indices }, of: .tokens(tokens), on: Tape()).value
      let some = model.stream([1..<3, 0..<0, 2..<3], of: .tokens(tokens), on: Tape()).value
      #expect(all.rows == 8 && some.elements == all.gathered([1, 2, 7]).elements)
    }
  }

  @Test func `each site is visited at every step with the examples that have it`() {
    var steps: [Site: [[Int]]] = [:]
    _ = model.run(.tokens(tokens), on: Tape()) { here in
      let examples = (0..<3).filter { !here.places.positions(of: $0).isEmpty }
      #expect(here.value.value.rows == examples.count)
      #expect(here.value.value.width == model.width(of: here.site))
      for (row, example) in examples.enumerated() {
        let step = here.places.positions(of: example).lowerBound
        #expect(here.places.row(example: example, position: step) == row)
        #expect(here.places.row(example: example, position: step + 1) == nil)
      }
      if here.layer == 1 { steps[here.site, default: []].append(examples) }
      return here.value
    }
    #expect(Set(steps.keys) == Set(Site.cellSites))
    #expect(steps.values.allSatisfy { $0 == [[0, 1, 2], [0, 2], [0, 2], [0]] })
  }

  @Test(arguments: Site.cellSites)
  func `putting a site's own value back leaves the scores as they are, to the bit`(site: Site) {
    let plain = model.run(.tokens(tokens), on: Tape(), visit: nil).value
    let same = model.run(.tokens(tokens), on: Tape()) { here in
      here.site == site ? Variable(Tensor(here.value.shape, here.value.value.elements)) : here.value
    }
    #expect(same.value.elements == plain.elements)
  }

  @Test(arguments: Site.cellSites)
  func `a change at a step reaches that step's state and later ones, never earlier ones`(
    site: Site
  ) {
    func states(changing: Bool) -> [[Float]] {
      var states: [[Float]] = []
      _ = model.run(.tokens([[1, 4, 0, 2]]), on: Tape()) { here in
        var value = here.value
        if changing, here.site == site, here.layer == 0,
          here.places.positions(of: 0).lowerBound == 2
        {
          value = Variable(value.value.scaled(by: 1, plus: 0.5))
        }
        if here.site == .cellOutput, here.layer == 1 { states.append(value.value.elements) }
        return value
      }
      return states
    }
    let (before, after) = (states(changing: false), states(changing: true))
    #expect(Array(after[..<2]) == Array(before[..<2]))
    #expect(after[2] != before[2] && after[3] != before[3])
  }

  @Test func `a last state of zeros scores zero`() {
    let logits = model.run(.tokens([[1, 2]]), on: Tape()) { here in
      here.site == .cellOutput && here.layer == 1
        ? Variable(Tensor(zeros: here.value.shape)) : here.value
    }
    #expect(logits.value.elements == [0, 0, 0, 0])
  }

  @Test func `positions are added to tokens' embeddings only where asked for`() {
    var positioned = model
    positioned.addsPositions = true
    let plain = model.run(.tokens(tokens), on: Tape(), visit: nil).value.elements
    #expect(positioned.run(.tokens(tokens), on: Tape(), visit: nil).value.elements != plain)
    let embeddings = ModelInputs<Float>.random(lengths: [2, 3], width: 3)
    #expect(
      positioned.run(embeddings, on: Tape(), visit: nil).value.elements
        == model.run(embeddings, on: Tape(), visit: nil).value.elements)
    #expect(model.inputLimits.positions == nil && positioned.inputLimits.positions == 6)
  }
}
