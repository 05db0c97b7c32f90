import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// Choices of tokens beside those of transformers.
@Suite(
  .enabled(
    if: TransformersPython.path != nil && SourceFolder.fixtures != nil,
    Comment(rawValue: TransformersPython.reason)))
struct GenerationPeerTests {
  private struct Filters: Codable {
    var ids = [3, 7, 7, 11]
    var logits: [Float]
    var repetition_penalty: Double?
    var temperature: Double?
    var top_k: Int?
    var top_p: Double?
    var min_p: Double?
  }

  private func lines<Case: Encodable>(
    _ words: [String], _ cases: [Case], in folder: URL
  ) throws -> [String] {
    let script = try #require(SourceFolder.fixtures).appendingPathComponent("generation_peer.py")
    let file = folder.appendingPathComponent("cases.json")
    try JSONEncoder().encode(cases).write(to: file)
    let (code, output) = try TransformersPython.run([script.path] + words + [file.path])
    try #require(code == 0)
    return output.split(separator: "\n").map(String.init)
  }

  @Test
  func `what can be drawn, and how probably, is what transformers leaves`() throws {
    let folder = try SpecFolder()
    var random = SeededRandom(seed: 5)
    let cases = (0..<60).map { number in
      var one = Filters(logits: (0..<24).map { _ in Float.random(in: -4...4, using: &random) })
      if number % 2 == 0 { one.repetition_penalty = Double.random(in: 0.6...2, using: &random) }
      if number % 3 != 0 { one.temperature = Double.random(in: 0.3...2, using: &random) }
      if number % 4 == 1 { one.top_k = Int.random(in: 1...24, using: &random) }
      if number % 5 != 2 { one.top_p = Double.random(in: 0.05...0.999, using: &random) }
      if number % 3 == 1 { one.min_p = Double.random(in: 0...0.6, using: &random) }
      return one
    }
    let found = try lines(["filters"], cases, in: folder.root)
    #expect(found.count == cases.count)
    for (one, line) in zip(cases, found) {
      let expected = try JSONDecoder().decode([Double].self, from: Data(line.utf8))
      let choice = TokenChoice(penalty: one.repetition_penalty ?? 1)
      let logits = choice.penalized(one.logits.map { Double($0) }, after: one.ids)
      let kept = TokenChoice.Sampling(
        temperature: one.temperature ?? 1, top: one.top_k, mass: one.top_p, least: one.min_p
      ).candidates(of: logits)
      let total = kept.reduce(0) { $0 + $1.weight }
      var ours = [Double](repeating: 0, count: 24)
      for (token, weight) in kept { ours[token] = weight / total }
      #expect(ours.map { $0 > 0 } == expected.map { $0 > 0 }, "\(one)")
      #expect(
        Tolerance(absolute: 1e-6, relative: 1e-5).disagreement(
          ours.map { Float($0) }, expected.map { Float($0) }) == nil, "\(one)")
    }
  }

  private struct Greedy: Codable {
    var ids: [Int]
    var max_new_tokens: Int?
    var max_length: Int?
    var repetition_penalty: Double?
    var eos_token_id: [Int]?
  }

  @Test
  func `greedy tokens with a penalty, an end and a length are those of transformers`() throws {
    let folder = try SpecFolder()
    let prompts = [[1, 2, 3, 9], [5, 4], [17, 8, 0]]
    var cases: [Greedy] = []
    for ids in prompts {
      cases.append(Greedy(ids: ids, max_new_tokens: 9, eos_token_id: []))
      cases.append(Greedy(ids: ids, max_new_tokens: 9, repetition_penalty: 1.8, eos_token_id: []))
      cases.append(Greedy(ids: ids, max_length: 11, repetition_penalty: 1.3, eos_token_id: []))
      cases.append(Greedy(ids: ids, max_new_tokens: 9, eos_token_id: Array(0..<9)))
    }
    let asked = cases.map { one in
      var one = one
      if one.eos_token_id == [] { one.eos_token_id = nil }
      return one
    }
    let found = try lines(["generate", folder.models + "/tiny"], asked, in: folder.root)
    #expect(found.count == cases.count)
    for (one, line) in zip(cases, found) {
      let expected = try JSONDecoder().decode([Int].self, from: Data(line.utf8))
      var object = try #require(
        try JSONSerialization.jsonObject(with: JSONEncoder().encode(one)) as? [String: Any])
      object["ids"] = nil
      let fields = String(
        decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
      let outputs = try folder.run(
        """
        {"model": "tiny", "kind": "generate", "base": {"input_ids": [\(one.ids)]},
         "representations": {"layer": 1, "intervention_type": "CollectIntervention"},
         "unit_locations": {"base": 0}, "generate": \(fields)}
        """)()
      #expect(outputs.integers("intervened.ids") == [expected], "\(one)")
      #expect(outputs.integers("original.ids") == [expected], "\(one)")
    }
  }
}

/// Where the tests' own files lie.
enum SourceFolder {
  static let fixtures = Bundle.module.url(forResource: "Fixtures", withExtension: nil)
}
