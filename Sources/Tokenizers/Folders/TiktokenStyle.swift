internal import Foundation

/// What goes with a tiktoken file and does not stand in it: the pattern of words, special tokens.
struct TiktokenStyle {
  private enum Encoding { case gpt2, p50k, cl100k, o200k, qwen, llama3, unnamed }

  private let encoding: Encoding

  init(_ path: String, _ config: TokenizerConfig) {
    let name = (path as NSString).lastPathComponent.lowercased()
    func has(_ text: String) -> Bool { name.contains(text) }
    encoding =
      has("o200k")
      ? .o200k
      : has("cl100k")
        ? .cl100k
        : has("p50k")
          ? .p50k
          : has("r50k") || has("gpt2")
            ? .gpt2
            : has("qwen") || config.isOf("QWen")
              ? .qwen
              : name == "tokenizer.model" ? .llama3 : .unnamed
  }

  var composes: Bool { encoding == .qwen }
  var addsBeginning: Bool { encoding == .llama3 }
  var named: [String: String] {
    switch encoding {
    case .llama3: ["bos": "<|begin_of_text|>", "eos": "<|end_of_text|>"]
    default: ["bos": "<|endoftext|>", "eos": "<|endoftext|>"]
    }
  }

  var pattern: String {
    switch encoding {
    case .gpt2, .p50k: PublishedPreTokenizer.gpt2Pattern
    case .qwen: PublishedPreTokenizer.gpt4Pattern(digits: #"\p{N}"#)
    case .o200k:
      PublishedPreTokenizer.casedPattern(
        suffix: PublishedPreTokenizer.contractions, digits: #"\p{N}{1,3}"#)
    case .cl100k, .llama3, .unnamed: PublishedPreTokenizer.gpt4Pattern(digits: #"\p{N}{1,3}"#)
    }
  }

  var note: String? {
    encoding == .unnamed
      ? "no encoding is named, so words are cut by GPT-4's pattern (cl100k_base); pat_str in "
        + "\(TokenizerConfig.fileName) names another" : nil
  }

  /// The special tokens of the encoding, behind so many ranks.
  func specials(after count: Int) -> [(Int, String)] {
    switch encoding {
    case .gpt2, .p50k: return count > 50_000 ? [(50256, "<|endoftext|>")] : []
    case .cl100k:
      return [
        (100257, "<|endoftext|>"), (100258, "<|fim_prefix|>"), (100259, "<|fim_middle|>"),
        (100260, "<|fim_suffix|>"), (100276, "<|endofprompt|>"),
      ].filter { $0.0 >= count && count > 100_000 }
    case .o200k:
      return [(199999, "<|endoftext|>"), (200018, "<|endofprompt|>")]
        .filter { $0.0 >= count && count > 199_000 }
    case .qwen:
      let names =
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + (0..<205).map { "<|extra_\($0)|>" }
      return names.enumerated().map { (count + $0, $1) }
    case .llama3:
      var names = [
        "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
        "<|reserved_special_token_1|>", "<|reserved_special_token_2|>",
        "<|reserved_special_token_3|>", "<|start_header_id|>", "<|end_header_id|>",
        "<|reserved_special_token_4|>", "<|eot_id|>",
      ]
      for number in 5..<(256 - 5) { names.append("<|reserved_special_token_\(number)|>") }
      return names.enumerated().map { (count + $0, $1) }
    case .unnamed: return []
    }
  }
}
