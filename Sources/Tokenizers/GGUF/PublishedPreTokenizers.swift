internal import Inputs

/// The pre-tokenizers that GGUF files name instead of describing: `tokenizer.ggml.pre`.
///
/// Each is what the `tokenizer.json` of the models behind the name does; `default` is llama.cpp's own.
struct PublishedPreTokenizer: Sendable {
  var steps: [PreTokenizer]
  var composes = false
  var ignoresMerges = false

  /// GPT-2's pattern, which `ByteLevel` with `use_regex` means.
  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// GPT-4's, with digits in threes or as the caller says.
  static func gpt4Pattern(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Words cut at changes from small to capital letters: GPT-4o, with contractions, and Tekken.
  static func casedPattern(suffix: String, digits: String) -> String {
    let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
    let lead = #"[^\r\n\p{L}\p{N}]?"#
    return "\(lead)\(upper)*\(lower)+\(suffix)|\(lead)\(upper)+\(lower)*\(suffix)|\(digits)"
      + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private struct Entry {
    var names: [String]
    var patterns: [String]
    var composes = false
    var ignoresMerges = false
  }

  static let contractions = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#

  private static let entries = [
    Entry(names: ["gpt-2", "phi-2"], patterns: [gpt2Pattern]),
    Entry(names: ["olmo", "mpt"], patterns: [gpt2Pattern], composes: true),
    Entry(
      names: ["smollm", "starcoder", "refact", "codeshell"], patterns: [#"\p{N}"#, gpt2Pattern]),
    Entry(names: ["command-r"], patterns: [#"\p{N}"#, gpt2Pattern], composes: true),
    Entry(names: ["qwen2"], patterns: [gpt4Pattern(digits: #"\p{N}"#)], composes: true),
    Entry(
      names: ["llama-bpe", "llama3", "llama-v3"], patterns: [gpt4Pattern(digits: #"\p{N}{1,3}"#)],
      ignoresMerges: true),
    Entry(
      names: ["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"],
      patterns: [gpt4Pattern(digits: #"\p{N}{1,3}"#)]),
    Entry(
      names: ["gpt-4o", "llama4"],
      patterns: [casedPattern(suffix: contractions, digits: #"\p{N}{1,3}"#)]),
    Entry(
      names: ["tekken"], patterns: [casedPattern(suffix: "", digits: #"\p{N}"#)],
      ignoresMerges: true),
    Entry(
      names: ["default"],
      patterns: [#"[\p{P}\$\+<=>\^~\|]+"#, gpt2Pattern, #"\p{N}+"#, "[0-9][0-9][0-9]"]),
  ]

  /// Those whose texts begin with the beginning of a sequence where the file does not say.
  static let beginning: Set<String> = ["llama-bpe", "llama3", "llama-v3", "tekken"]

  /// Finds a pre-tokenizer by its name in a GGUF file.
  init(named name: String, file: String) throws(Refusal) {
    let field = "tokenizer.ggml.pre"
    guard let entry = Self.entries.first(where: { $0.names.contains(name) }) else {
      let known = Self.entries.flatMap(\.names)
      let near = nearest(to: name, among: known).map { ", the nearest being \(quoted($0))" } ?? ""
      throw Refusal(
        .model, file: file, field: field, found: "the unknown pre-tokenizer \(quoted(name))\(near)",
        expected: "one of \(known.joined(separator: ", "))")
    }
    composes = entry.composes
    ignoresMerges = entry.ignoresMerges
    steps = []
    for pattern in entry.patterns {
      steps.append(
        .split(try Pattern(pattern, file: file, field: field), .isolated, isInverted: false))
    }
  }
}
