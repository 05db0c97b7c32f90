import Foundation
import Testing

@testable import Interventions

/// What ends a generation, and what its draws hang on.
struct GenerationEndTests {
  private static let prompts = [[1, 2, 3, 9], [5, 4], [17, 8, 0]]

  private func run(
    _ folder: SpecFolder, _ fields: String, of prompts: [[Int]] = prompts,
    type: String = "CollectIntervention", texts: SpecTexts? = nil
  ) throws -> SpecOutputs {
    try folder.run(
      """
      {"model": "tiny", "kind": "generate", "base": {"input_ids": \(prompts)},
       "representations": {"layer": 1, "intervention_type": "\(type)"},
       "unit_locations": {"base": 0}, "generate": {\(fields)}}
      """, texts: texts)()
  }

  private func ids(
    _ folder: SpecFolder, _ fields: String, of prompts: [[Int]] = prompts
  ) throws -> [[Int]] {
    try #require(try run(folder, fields, of: prompts).integers("intervened.ids"))
  }

  /// A row up to the first of some tokens after its prompt, with it.
  private func cut(_ row: [Int], after tokens: Set<Int>, prompt: Int) -> [Int] {
    let end = row.indices.dropFirst(prompt).first { tokens.contains(row[$0]) }
    return Array(row.prefix((end ?? row.count - 1) + 1))
  }

  @Test
  func `each example ends after an end token, with itself as alone`() throws {
    let folder = try SpecFolder()
    let whole = try ids(folder, #""max_new_tokens": 8"#)
    #expect(whole.map(\.count) == [12, 10, 11])
    let end = whole[0][6]
    let fields = #""max_new_tokens": 8, "eos_token_id": \#(end)"#
    let ended = try ids(folder, fields)
    for (index, prompt) in Self.prompts.enumerated() {
      #expect(ended[index] == cut(whole[index], after: [end], prompt: prompt.count))
      #expect(try ids(folder, fields, of: [prompt]) == [ended[index]])
    }
    #expect(ended[0].count < whole[0].count)
    let outputs = try run(folder, fields)
    #expect(outputs.lengths == (Set(ended.map(\.count)).count > 1 ? ended.map(\.count) : nil))
  }

  @Test
  func `the model's own end tokens count unless others are named`() throws {
    let folder = try SpecFolder()
    let whole = try ids(folder, #""max_new_tokens": 8"#)
    let end = whole[1][3]
    try Data(#"{"eos_token_id": [\#(end)]}"#.utf8).write(
      to: URL(fileURLWithPath: folder.models + "/tiny/generation_config.json"))
    #expect(
      try ids(folder, #""max_new_tokens": 8"#)
        == zip(whole, Self.prompts).map { cut($0, after: [end], prompt: $1.count) })
    #expect(try ids(folder, #""max_new_tokens": 8, "eos_token_id": []"#) == whole)
  }

  @Test
  func `of what has ended nothing is collected any more`() throws {
    let folder = try SpecFolder()
    let whole = try ids(folder, #""max_new_tokens": 5, "eos_token_id": []"#)
    let end = whole[0][4]
    let outputs = try run(folder, #""max_new_tokens": 5, "eos_token_id": \#(end)"#)
    let rows = try #require(outputs.integers("intervened.ids"))
    let counts = zip(rows, Self.prompts).map { $0.count - $1.count }
    let shapes = outputs.names.filter { $0.hasPrefix("collected.") }
      .compactMap { outputs.floats($0)?.shape.first }
    let passes = (1..<(counts.max() ?? 1)).map { pass in counts.count { $0 > pass } }
    #expect(shapes == passes && counts[0] == 1)
  }

  @Test
  func `a text ends the example that it completes`() throws {
    let folder = try SpecFolder()
    let texts = SpecTexts(
      encode: { _, _ in [] }, decode: { $0.map { "<\($0)>" }.joined() })
    let whole = try ids(folder, #""max_new_tokens": 6"#)
    let stop = "\(whole[2][4])><\(whole[2][5])"
    let outputs = try run(
      folder, #""max_new_tokens": 6, "stop": ["nothing", "\#(stop)"]"#, texts: texts)
    let rows = try #require(outputs.integers("intervened.ids"))
    for (row, (all, prompt)) in zip(rows, zip(whole, Self.prompts)) {
      let end = (prompt.count..<all.count).first { end in
        texts.decode(Array(all[prompt.count...end])).contains(stop)
      }
      #expect(row == Array(all.prefix((end ?? all.count - 1) + 1)))
    }
    #expect(rows[2].count < whole[2].count)
  }

  @Test
  func `a length counts the prompt`() throws {
    let folder = try SpecFolder()
    let rows = try ids(folder, #""max_length": 7"#)
    #expect(rows.map(\.count) == [7, 7, 7])
    #expect(rows == (try ids(folder, #""max_new_tokens": 5"#)).map { Array($0.prefix(7)) })
  }

  @Test
  func `a draw hangs on seed, example and step alone`() throws {
    let folder = try SpecFolder()
    let fields = #""max_new_tokens": 7, "do_sample": true, "temperature": 3, "seed": 3"#
    let together = try ids(folder, fields)
    #expect(try ids(folder, fields, of: [Self.prompts[0]]) == [together[0]])
    // The same prompt as another example has other draws.
    let twice = try ids(folder, fields, of: [Self.prompts[0], Self.prompts[0]])
    #expect(twice[0] == together[0] && twice[1] != twice[0])
    #expect(try ids(folder, fields.replacing("3, \"seed\": 3", with: "3, \"seed\": 4")) != together)
    let longer = try ids(folder, fields.replacing("7", with: "9"), of: [Self.prompts[0]])
    #expect(Array(longer[0].prefix(together[0].count)) == together[0])
  }

  @Test
  func `continuations of a prompt stand one after another, and the first is that of one`() throws {
    let folder = try SpecFolder()
    let fields = #""max_new_tokens": 6, "do_sample": true, "temperature": 3, "seed": 3"#
    let one = try ids(folder, fields)
    let outputs = try run(folder, fields + #", "num_return_sequences": 3"#)
    let rows = try #require(outputs.integers("intervened.ids"))
    #expect(rows.count == 9 && outputs.promptLengths == [4, 4, 4, 2, 2, 2, 3, 3, 3])
    #expect([0, 3, 6].map { rows[$0] } == one)
    #expect(rows[1] != rows[0] && rows[2] != rows[1])
    let steps = try run(
      folder, fields + #", "num_return_sequences": 2, "steps": [[0], [], [0]]"#,
      type: "ZeroIntervention")
    #expect(steps.integers("intervened.ids")?.count == 6)
  }

  @Test
  func `a high penalty repeats no token`() throws {
    let folder = try SpecFolder()
    let fields = #""max_new_tokens": 10, "repetition_penalty": 1000000"#
    for row in try ids(folder, fields) { #expect(Set(row).count == row.count) }
    let plain = try ids(folder, #""max_new_tokens": 10"#)
    #expect(plain.contains { Set($0).count < $0.count })
  }

  @Test
  func `filters leave the fewest tokens that have the mass, and those near the most probable`() {
    let logits = [0.5, 0.25, 0.15, 0.1].map { Foundation.log($0) }
    func kept(_ sampling: TokenChoice.Sampling) -> [Int] {
      sampling.candidates(of: logits).map(\.token)
    }
    #expect(kept(.init(mass: 0.7)) == [0, 1])
    #expect(kept(.init(mass: 0.76)) == [0, 1, 2])
    #expect(kept(.init(mass: 0.01)) == [0])
    #expect(kept(.init(least: 0.4)) == [0, 1])
    #expect(kept(.init(top: 3, mass: 0.9)) == [0, 1, 2])
    #expect(kept(.init(temperature: 100, mass: 0.7)) == [0, 1, 2])
  }

  @Test
  func `Gumbel noise of an example does not hang on those beside it`() throws {
    let folder = try SpecFolder()
    func logits(_ prompts: [[Int]]) throws -> [Float] {
      try #require(
        try folder.run(
          """
          {"model": "tiny", "kind": "generate", "base": {"input_ids": \(prompts)},
           "representations": {"layer": 1, "intervention_type": "ZeroIntervention"},
           "unit_locations": {"base": 0},
           "generate": {"max_new_tokens": 3, "soft": {"temperature": 0.5, "seed": 3}}}
          """)().floats("intervened.logits")?.elements)
    }
    let alone = try logits([[1, 2, 3]])
    #expect(try Array(logits([[1, 2, 3], [4, 5, 6]]).prefix(alone.count)) == alone)
  }

  @Test
  func `noise of an example does not hang on those beside it`() throws {
    let folder = try SpecFolder()
    func logits(_ prompts: [[Int]]) throws -> [Float] {
      try #require(
        try folder.run(
          """
          {"model": "tiny", "base": {"input_ids": \(prompts)}, "unit_locations": {"base": [0, 1]},
           "representations": {"layer": 0, "intervention_type": "NoiseIntervention",
             "args": {"seed": 4}}}
          """)().floats("intervened.logits")?.elements)
    }
    let alone = try logits([[1, 2, 3]])
    let together = try logits([[9, 8], [4, 5, 6, 7], [1, 2, 3]])
    #expect(Array(together.suffix(alone.count)) == alone)
    #expect(try logits([[1, 2, 3], [9, 8]]).prefix(alone.count).elementsEqual(alone))
  }
}
