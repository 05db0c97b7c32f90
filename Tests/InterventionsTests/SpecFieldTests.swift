import Foundation
import Inputs
import Testing

@testable import Interventions

/// Fields of specifications: each is used or refused, and the manual tells of each.
struct SpecFieldTests {
  private static let base = #""base": {"input_ids": [[1, 2, 3, 9]]}"#

  private static func forward(_ more: String) -> String {
    """
    {"model": "tiny", "representations": {"layer": 1, "intervention_type": "ZeroIntervention"},
     \(base), "unit_locations": {"base": 1}\(more)}
    """
  }

  private static func generate(_ fields: String, _ more: String = "") -> String {
    forward(#", "kind": "generate", "generate": {\#(fields)}\#(more)"#)
  }

  static let refused: [(text: String, words: [String])] = [
    (forward(#", "wrt": "model""#), ["wrt", "kind = \"forward\"", "kind = \"gradient\""]),
    (forward(#", "train": {"steps": 1}"#), ["train", "kind = \"train\""]),
    (forward(#", "generate": {"foo": 1}"#), ["generate", "\"generate\" or \"gradient\""]),
    (forward(#", "objective": "kl""#), ["objective", "\"gradient\" or \"train\""]),
    (forward(#", "labels": [1]"#), ["labels", "kind = \"gradient\""]),
    (forward(#", "special_tokens": false"#), ["special_tokens", "prompts"]),
    (forward(#", "include_model": true"#), ["include_model", "saved_directory"]),
    (forward(#", "sorces": []"#), ["sorces", "sources (did you mean that?)"]),
    (
      #"{"model": "tiny", "kind": "train", "representations": [[0]], \#(base), "train": {}}"#,
      ["base", "kind = \"train\"", "batches have their own"]
    ),
    (
      """
      {"model": "tiny", "kind": "train", "representations": [[0]],
       "generate": {"max_new_tokens": 1},
       "train": {"steps": 1, "lr": 1, "batches": [{\(base), "labels": [1]}]}}
      """, ["generate.soft", "no such field"]
    ),
    (
      """
      {"model": "tiny", "kind": "train", "representations": [[0]], "objective": "cross_entropy",
       "train": {"steps": 1, "lr": 1, "batches": [
         {\(base), "labels": [1], "objective": "cross_entropy"}]}}
      """, ["objective", "no batch reads"]
    ),
    (generate(#""max_new_tokens": 2, "top_p": 0.5"#), ["generate.top_p", "do_sample = true"]),
    (generate(#""max_new_tokens": 2, "min_p": 0.5"#), ["generate.min_p", "do_sample = true"]),
    (generate(#""max_new_tokens": 2, "num_return_sequences": 2"#), ["num_return_sequences"]),
    (
      generate(#""max_new_tokens": 2, "do_sample": true, "top_p": 1.5"#),
      ["generate.top_p", "at most 1"]
    ),
    (
      generate(#""max_new_tokens": 2, "num_beams": 2, "repetition_penalty": 2"#),
      ["repetition_penalty", "num_beams = 1"]
    ),
    (
      generate(#""max_new_tokens": 2, "num_beams": 2, "eos_token_id": 2"#),
      ["eos_token_id", "num_beams = 1"]
    ),
    (generate(#""max_new_tokens": 2, "max_length": 9"#), ["max_length", "max_new_tokens"]),
    (generate(#""max_length": 4"#), ["generate.max_length", "counts them"]),
    (generate(""), ["max_new_tokens", "no such field"]),
    (generate(#""max_new_tokens": 2, "eos_token_id": 20"#), ["eos_token_id", "0 to 19"]),
    (generate(#""max_new_tokens": 2, "stop": "x""#), ["no tokenizer", "eos_token_id"]),
    (
      generate(#""max_new_tokens": 2, "soft": {"temperature": 1}, "steps": [0]"#),
      ["generate.steps", "soft"]
    ),
    (
      """
      {"model": "tiny", "kind": "train", "representations": [[0]],
       "train": {"steps": 1, "lr": 1, "groups": [{"names": ["0.mask"], "lr": 1}],
         "batches": [{\(base), "labels": [1]}]}}
      """, ["groups", "lr"]
    ),
    (SpecFolder.forward(type: "custom.Scale", more: ""), ["no args", "factor"]),
    (
      SpecFolder.forward(representation: #""layer": 1, "latent_dim": 3"#),
      ["representations[0].latent_dim", "AutoencoderIntervention"]
    ),
    (
      SpecFolder.forward(representation: #""layer": 1, "args": {"factor": 3}"#),
      ["representations[0].args.factor", "custom.Scale"]
    ),
    (
      SpecFolder.forward(representation: #""layer": 1, "hidden_source_representation": "v""#),
      ["hidden_source_representation", "source_representation"]
    ),
    (
      SpecFolder.forward(representation: #""layer": 1, "params": {"mask": "v"}"#),
      ["params.mask"]
    ),
  ]

  @Test(arguments: refused.indices)
  func `a field that is unknown or of no use is refused by name`(index: Int) throws {
    let folder = try SpecFolder()
    let (text, words) = Self.refused[index]
    #expect {
      try folder.run(text)()
    } throws: { error in
      let missing = words.filter { !"\(error)".contains($0) }
      if !missing.isEmpty { Issue.record("\(error): no \(missing)") }
      return error is Refusal
    }
  }

  @Test
  func `lists of fields leave out those of test files`() throws {
    let folder = try SpecFolder()
    #expect {
      try folder.run(Self.forward(#", "xyz": 1"#))()
    } throws: { error in
      let text = "\(error)"
      return text.contains("unit_locations") && !text.contains("expected,")
        && !text.contains("tolerance") && !text.contains("measured") && !text.contains("category")
    }
    _ = try folder.run(
      Self.forward(#", "note": "of mine", "outputs": ["intervened.logits"]"#))()
  }

  @Test
  func `null leaves a field out, and outputs are those that are named`() throws {
    let folder = try SpecFolder()
    let outputs = try folder.run(
      Self.forward(#", "wrt": null, "train": null, "outputs": ["original.logits"]"#))()
    #expect(outputs.names == ["original.logits"])
  }

  @Test
  func `the page of fields is what the command writes`() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent(
        "../../Sources/Interventions/Interventions.docc/SpecificationFields.md")
    let written = try String(contentsOf: page.standardizedFileURL, encoding: .utf8)
    #expect(written == (try SpecManual().markdown + "\n"))
  }

  @Test
  func `the manual tells of every part`() throws {
    let manual = try SpecManual()
    for words in [
      "[base]", "[[representations]]", "[representations.args]", "[train]", "[[train.batches]]",
      "[generate]", "[generate.soft]", "objective", "foils", "max_number_of_units",
      "intervene_on_prompt", "lr_factors",
      "saved_directory", "straight_through", "repetition_penalty", "kind = \"gradient\"",
    ] {
      #expect(manual.text.contains(words), "\(words)")
      #expect(manual.markdown.contains(words), "\(words)")
    }
    #expect(manual.text.split(separator: "\n").allSatisfy { $0.count <= 101 })
    for word in ["tolerance", "measured", "save_load"] { #expect(!manual.text.contains(word)) }
  }
}
