import Inputs
import Models
import Tensors
import Testing
import _TestSupport

struct InputLimitsTests {
  static let masks: [([[Int]], [String])] = [
    ([[1, 1, 1]], ["attention_mask", "1 rows", "2"]),
    ([[1, 1, 1], [0, 1, 1]], ["attention_mask[1]", "[0, 1, 1]", "ones and then zeros"]),
    ([[1, 0, 1], [1, 1, 1]], ["attention_mask[0]"]),
    ([[1, 1, 1], [0, 0, 0]], ["attention_mask[1]", "a one at least"]),
    ([[1, 1, 1], [1, 1]], ["attention_mask[1]", "3 numbers"]),
    ([[1, 2, 0], [1, 1, 1]], ["attention_mask[0]", "[1, 2, 0]"]),
  ]

  private let limits = InputLimits(vocabulary: 5, width: 3, positions: 4)

  private func expectRefused(
    _ inputs: ModelInputs<Float>, _ terms: [String], by limits: InputLimits? = nil
  ) {
    expectRefusal(terms, kind: .job) { try (limits ?? self.limits).check(inputs) }
  }

  @Test func `inputs within the limits pass`() throws {
    try limits.check(ModelInputs<Float>.tokens([[0, 4], [1, 2, 3, 4]]))
    try limits.check(ModelInputs<Float>.random(lengths: [1, 4], width: 3))
  }

  @Test func `inputs past the limits are refused by place`() {
    expectRefused(.tokens([[0], [1, 5]]), ["inputs[1][1]", "token 5", "0 to 4"])
    expectRefused(.tokens([[-1]]), ["inputs[0][0]", "token -1"])
    expectRefused(.tokens([[0], []]), ["inputs[1]", "0 positions", "1 to 4"])
    expectRefused(.tokens([[0, 0, 0, 0, 0]]), ["inputs[0]", "5 positions"])
    expectRefused(.tokens([]), ["inputs", "no example"])
    expectRefused(.random(lengths: [1, 2], width: 2), ["inputs[0]", "[1, 2]", "[positions, 3]"])
    expectRefused(
      .tokens([[0]]), ["inputs", "embeddings"],
      by: InputLimits(vocabulary: nil, width: 3, positions: nil))
  }

  @Test func `a mask cuts each example after its ones`() throws {
    let tokens = ModelInputs<Float>.tokens([[1, 2, 3], [4, 3, 2]])
    guard case .tokens(let cut) = try tokens.cut(by: [[1, 1, 1], [1, 0, 0]]) else {
      Issue.record("tokens stay tokens")
      return
    }
    #expect(cut == [[1, 2, 3], [4]])
    let embeddings = ModelInputs<Float>.random(lengths: [3, 3], width: 2)
    #expect(try embeddings.cut(by: [[1, 1, 0], [1, 1, 1]]).lengths == [2, 3])
  }

  @Test(arguments: masks)
  func `a mask that is not ones and then zeros is refused`(mask: [[Int]], terms: [String]) {
    let tokens = ModelInputs<Float>.tokens([[1, 2, 3], [4, 3, 2]])
    expectRefusal(terms, kind: .job) { try tokens.cut(by: mask) }
  }
}
