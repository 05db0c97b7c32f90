import Inputs
import JobFiles
import Testing

@testable import Prompts

struct HeldOutTests {
  private func input(_ ids: [Int]) -> ResolvedInput {
    ResolvedInput(content: .tokens(ids), places: PromptPlaces(count: ids.count, named: [:]))
  }

  private func items(_ tokens: [[Int]], sources: [Int] = []) -> [ResolvedPrompt] {
    tokens.map {
      ResolvedPrompt(
        id: "", base: input($0), sources: [input(sources)], answer: 0, at: JobPlace(file: ""))
    }
  }

  @Test func `examples with the inputs of training examples are counted`() {
    let train = items([[1, 2], [3, 4]])
    let sets: [Split: [ResolvedPrompt]] = [
      .train: train, .development: items([[5, 6]]), .test: items([[3, 4], [1, 2], [2, 1]]),
    ]
    let counts = sets.mapValues(\.count)
    #expect(
      HeldOut.lines(sets, of: counts) == [
        "2 of 3 test examples have the inputs of training examples: they are not held out"
      ])
    let cut = HeldOut.lines(sets, of: [.train: 9, .development: 1, .test: 3])
    #expect(cut.count == 1 && cut[0].contains("as far as the first of each were compared"))
    // The same base with another source is another input.
    let others = HeldOut.lines(
      [.train: train, .test: items([[1, 2]], sources: [7])], of: [.train: 2, .test: 1])
    #expect(others.isEmpty)
  }
}
