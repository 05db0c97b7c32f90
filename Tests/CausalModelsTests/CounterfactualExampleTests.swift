import CausalModels
import Testing

struct CounterfactualExampleTests {
  @Test func `an example without variables and places has none`() {
    let example = CounterfactualExample(
      base: .tokens([1, 2]), sources: [.tokens([3, 4])], label: .index(4))
    #expect(example.variables.isEmpty)
    #expect(example.basePlaces.isEmpty)
    #expect(example.baseLabel == nil)
  }
}
