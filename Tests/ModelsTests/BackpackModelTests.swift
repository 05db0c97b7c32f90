import Autodiff
import Models
import Tensors
import Testing
import _TestSupport

struct BackpackModelTests {
  private let shape = BackpackShape.tiny
  private var model: BackpackModel<Float> { BackpackModel(shape, .random(shape.weights)) }
  private let tokens = [[1, 4, 2, 0], [3, 3]]

  @Test func `a row's logits do not depend on the other examples, to the bit`() {
    let together = model.run(.tokens(tokens), on: Tape(), visit: nil).value
    var start = 0
    for ids in tokens {
      let alone = model.run(.tokens([ids]), on: Tape(), visit: nil).value
      #expect(alone.elements == together.rows(start..<start + ids.count).elements)
      start += ids.count
    }
  }

  @Test func `a sense changed at a position changes logits there and later only`() {
    let ids = ModelInputs<Float>.tokens([tokens[0]])
    let plain = model.run(ids, on: Tape(), visit: nil).value
    let changed = model.run(ids, on: Tape()) { here in
      guard here.site == .senseNetworkOutput else { return here.value }
      #expect(here.value.shape == [4, 8] && here.places.row(example: 0, position: 2) == 2)
      var elements = here.value.value.elements
      elements[2 * 8 + 5] += 1
      return Variable(Tensor(here.value.shape, elements))
    }.value
    #expect(changed.rows(0..<2).elements == plain.rows(0..<2).elements)
    for row in 2..<4 {
      #expect(changed.rows(row..<row + 1).elements != plain.rows(row..<row + 1).elements)
    }
  }

  @Test func `contextualization weights of a row and sense add up to one`() {
    var seen = 0
    _ = model.run(.tokens([tokens[0]]), on: Tape()) { here in
      guard here.site == .contextualization else { return here.value }
      seen += 1
      for row in 0..<4 {
        for sense in 0..<2 {
          let weights = (0..<4).map { here.value.value[row, sense * 4 + $0] }
          #expect(abs(weights.reduce(0, +) - 1) < 1e-6)
          #expect(weights[(row + 1)...].allSatisfy { $0 == 0 })
        }
      }
      return here.value
    }
    #expect(seen == 1)
  }

  @Test func `the senses' embeddings may be given in place of tokens`() {
    let table = model.weights["backpack.gpt2_model.wte.weight"]?.value
    let embeddings = tokens.compactMap { table?.gathered($0) }
    #expect(
      model.run(.embeddings(embeddings), on: Tape(), visit: nil).value.elements
        == model.run(.tokens(tokens), on: Tape(), visit: nil).value.elements)
  }

  @Test func `module paths reach the senses and the blocks inside`() {
    #expect(
      model.site(atModulePath: "backpack.sense_network.output")?.site == .senseNetworkOutput)
    #expect(
      model.site(atModulePath: "backpack.sense_weight_net.output")?.site == .contextualization)
    #expect(model.site(atModulePath: "backpack.gpt2_model.h[0].mlp.output")?.site == .mlpOutput)
    #expect(model.site(atModulePath: "backpack.gpt2_model.h[1].mlp.output") == nil)
    #expect(model.site(atModulePath: "backpack.sense_network.input") == nil)
  }
}
