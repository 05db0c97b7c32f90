import Testing

@testable import Interventions

struct LegacyNormalDrawsTests {
  @Test
  func `the draws of seed 1 are NumPy's`() {
    var draws = LegacyNormalDraws(seed: 1)
    let first = (0..<4).map { _ in draws.next() }
    let expected = [
      1.6243453636632417, -0.6117564136500754, -0.5281717522634557, -1.0729686221561705,
    ]
    #expect(first == expected)
    // Past one renewal of the generator's state.
    for _ in 4..<999 { _ = draws.next() }
    #expect(abs(draws.next() + 0.18695501653274957) < 1e-15)
  }
}
