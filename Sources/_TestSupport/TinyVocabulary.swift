public import Foundation

/// A byte-level BPE vocabulary: the 256 bytes, and words that are one token each.
///
/// The words' prefixes are tokens too, so every text has one way to be cut.
public struct TinyVocabulary: Sendable {
  private let merges: [(left: String, right: String)]

  /// - Parameter words: As they stand in a text, with their leading space.
  public init(words: [String]) {
    var merges: [(left: String, right: String)] = []
    var known: Set<String> = []
    for word in words {
      let symbols = word.utf8.map { Self.alphabet[Int($0)] }
      var prefix = symbols[0]
      for symbol in symbols.dropFirst() {
        if known.insert(prefix + symbol).inserted { merges.append((prefix, symbol)) }
        prefix += symbol
      }
    }
    self.merges = merges
  }

  /// The printable stand-in of each byte, as GPT-2's tokenizer has it.
  private static let alphabet: [String] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      let isPrintable = (0x21...0x7E).contains(byte) || byte > 0xA0 && byte != 0xAD
      let value = isPrintable ? byte : next
      if !isPrintable { next += 1 }
      return Unicode.Scalar(value).map { String($0) } ?? ""
    }
  }()

  private var tokens: [String] { Self.alphabet + merges.map { $0.left + $0.right } }

  public var count: Int { tokens.count }

  /// The number of a word's token.
  public func id(of word: String) -> Int? {
    tokens.firstIndex(of: word.utf8.map { Self.alphabet[Int($0)] }.joined())
  }

  /// Writes `tokenizer.json`.
  public func write(to folder: URL) throws {
    let vocabulary = tokens.enumerated().map { "\(literal($1)): \($0)" }
    let pairs = merges.map { "[\(literal($0.left)), \(literal($0.right))]" }
    let text = """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
       "normalizer": null, "post_processor": null, "decoder": {"type": "ByteLevel"},
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": true},
       "model": {"type": "BPE", "vocab": {\(vocabulary.joined(separator: ", "))},
        "merges": [\(pairs.joined(separator: ", "))]}}
      """
    try Data(text.utf8).write(to: folder.appendingPathComponent("tokenizer.json"))
  }

  private func literal(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
