import Testing

@testable import Randomness

struct NumPyRandomStateTests {
  /// Recorded from NumPy 2.4.6, `RandomState(seed).randn`.
  @Test(arguments: [
    (
      UInt32(1),
      [
        1.6243453636632417,
        -0.6117564136500754,
        -0.5281717522634557,
        -1.0729686221561705,
        0.8654076293246785,
        -2.3015386968802827,
        1.74481176421648,
      ]
    ),
    (
      UInt32(0),
      [
        1.764052345967664,
        0.4001572083672233,
        0.9787379841057392,
        2.240893199201458,
        1.8675579901499675,
        -0.977277879876411,
        0.9500884175255894,
      ]
    ),
    (
      UInt32(4294967295),
      [
        0.6484086742306527,
        0.6693235306338161,
        -1.0805437227474493,
        0.2845010447986309,
        0.11388773652167104,
        0.8676218937929382,
        -0.044026015448043285,
      ]
    ),
  ])
  func `NumPy's legacy generator is met to the bit`(seed: UInt32, expected: [Double]) {
    var generator = NumPyRandomState(seed: seed)
    #expect((0..<expected.count).map { _ in generator.normal() } == expected)
  }

  @Test func `NumPy's legacy generator is met far into its sequence`() {
    var generator = NumPyRandomState(seed: 1)
    var last = 0.0
    for _ in 0..<100_000 { last = generator.normal() }
    #expect(last == -0.7475562464191521)
  }
}
