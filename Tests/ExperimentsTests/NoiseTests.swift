import Foundation
import Inputs
import Models
import Randomness
import Tensors
import Testing
import _TestSupport

@testable import Experiments

/// The noise on the subjects, from a job to its numbers.
struct NoiseTests {
  /// Two facts whose subjects have three tokens, one whose subject has one.
  private static let facts = """
    [[data.items]]
    id = "a"
    input_ids = [5, 300, 41, 77, 12]
    subject_range = [1, 4]
    answer_id = 17
    [[data.items]]
    id = "b"
    input_ids = [8, 9, 10, 11]
    subject_range = [0, 3]
    answer_id = 17
    [[data.items]]
    id = "c"
    input_ids = [8, 9, 10, 11]
    subject_range = [3, 4]
    answer_id = 17

    """

  /// The noise of each fact of a job on a small model.
  private func noise(
    _ more: String, facts: String = facts, samples: Range<Int>? = nil
  ) throws -> [Tensor<Float>] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("noise-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try TinyModel(.llama, layers: 1, width: 32).write(to: folder)
    let text = "kind = \"trace\"\n\(more)\n[model]\npath = \"\(folder.path)\"\n\(facts)"
    let job = try TraceJob(spec(text))
    let noise = try TraceNoise(job, try job.published.load())
    return try job.facts.map { (fact) throws(Refusal) in
      try noise.noise(for: fact, samples ?? 0..<noise.samples)
    }
  }

  @Test func `with parity rome subjects of equal length have the same noise, as numpy draws it`()
    throws
  {
    let all = try noise("parity = \"rome\"\ncorrupt = {noise = 0.5, samples = 4, seed = 1}")
    #expect(all.map(\.shape) == [[4, 3, 32], [4, 3, 32], [4, 1, 32]])
    #expect(all[0].elements == all[1].elements)
    var numpy = NumPyRandomState(seed: 1)
    let expected = (0..<4 * 3 * 32).map { _ in Float(numpy.normal()) * 0.5 }
    #expect(all[0].elements == expected)
    #expect(all[2].elements == Array(expected.prefix(4 * 32)))
  }

  @Test func `without it each fact has its own, whatever facts stand beside it`() throws {
    let corrupt = "corrupt = {noise = 0.5, samples = 4, seed = 1}"
    let all = try noise(corrupt)
    #expect(all[0].elements != all[1].elements)
    let alone = try noise(
      corrupt, facts: "[data]\nids = [\"b\"]\n" + Self.facts)
    #expect(alone.map(\.elements) == [all[1].elements])
    let other = try noise("corrupt = {noise = 0.5, samples = 4, seed = 2}")
    #expect(other[0].elements != all[0].elements)
    let double = try noise("corrupt = {noise = 1.0, samples = 4, seed = 1}")
    #expect(double[0].elements == all[0].elements.map { $0 * 2 })
  }

  @Test func `with parity rome the seed is that of the script where none is named`() throws {
    let named = try noise("parity = \"rome\"\ncorrupt = {noise = 0.5, samples = 2, seed = 1}")
    let silent = try noise("parity = \"rome\"\ncorrupt = {noise = 0.5, samples = 2}")
    #expect(named.map(\.elements) == silent.map(\.elements))
  }

  @Test func `the level of the subjects is that of all the data, whatever is chosen of it`() throws
  {
    let corrupt = "corrupt = {multiple = 3.0, of = \"subjects\", samples = 2, seed = 1}"
    let all = try noise(corrupt)
    let alone = try noise(corrupt, facts: "[data]\nids = [\"b\"]\n" + Self.facts)
    #expect(alone.map(\.elements) == [all[1].elements])
  }

  @Test func `a block of samples has the noise that it has among all`() throws {
    for more in ["", "parity = \"rome\"\n"] {
      let all = try noise(more + "corrupt = {noise = 0.5, samples = 5, seed = 1}")
      let block = try noise(
        more + "corrupt = {noise = 0.5, samples = 5, seed = 1}", samples: 2..<4)
      for (all, block) in zip(all, block) {
        let row = all.elements.count / 5
        #expect(block.elements == Array(all.elements[2 * row..<4 * row]))
      }
    }
  }

  @Test func `more samples leave those before as they are`() throws {
    let few = try noise("corrupt = {noise = 0.5, samples = 2, seed = 1}")
    let many = try noise("corrupt = {noise = 0.5, samples = 5, seed = 1}")
    for (few, many) in zip(few, many) {
      #expect(few.elements == Array(many.elements.prefix(few.elements.count)))
    }
  }
}
