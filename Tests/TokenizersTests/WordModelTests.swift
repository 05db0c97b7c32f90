import Inputs
import Testing

@testable import Tokenizers

/// A `tokenizer.json` whose model, normalizer and cuts are given.
struct WordModelTests {
  static func load(
    _ model: String, normalizer: String = "null", cuts: String = "null", decoder: String = "null"
  ) throws -> any Tokenizer {
    try TokenizerFolderTests.open(
      "bert", [],
      [
        "tokenizer.json": """
        {"normalizer": \(normalizer), "pre_tokenizer": \(cuts), "decoder": \(decoder),
         "model": \(model)}
        """
      ])
  }

  static let words = #"{"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "a": 1, "b": 2}}"#

  @Test func `a vocabulary of another form than its model's is refused`() throws {
    for (model, term) in [
      (#"{"type": "Unigram", "vocab": {"a": 0}}"#, "model.vocab"),
      (#"{"type": "BPE", "vocab": [["a", 0]], "merges": []}"#, "model.vocab"),
      (#"{"type": "Unigram", "vocab": [["a"]]}"#, "model.vocab[0]"),
      (#"{"type": "Unigram", "vocab": [["a", 0], ["a", 1]]}"#, "model.vocab[1]"),
      (#"{"type": "Unigram", "vocab": [["a", 1e999]]}"#, "model.vocab[0][1]"),
      (#"{"type": "Unigram", "unk_id": 5, "vocab": [["a", 0]]}"#, "model.unk_id"),
      (#"{"type": "WordPiece", "max_input_chars_per_word": -1, "vocab": {"a": 0}}"#, "max_input"),
    ] {
      let refusal = #expect(throws: Refusal.self) { try Self.load(model) }
      #expect(refusal?.description.contains(term) == true, "\(refusal?.description ?? model)")
    }
  }

  @Test func `a text that a vocabulary cannot express is refused by its bytes`() throws {
    for model in [
      #"{"type": "Unigram", "vocab": [["a", 0]]}"#, #"{"type": "WordLevel", "vocab": {"a": 0}}"#,
      #"{"type": "WordPiece", "unk_token": "?", "vocab": {"a": 0}}"#,
      #"{"type": "BPE", "vocab": {"a": 0}, "merges": []}"#,
    ] {
      let tokenizer = try Self.load(model)
      #expect(try tokenizer.encode("a") == [0])
      let refusal = #expect(throws: Refusal.self) { try tokenizer.encode("é") }
      #expect(refusal?.description.contains("0xC3 0xA9") == true, "\(model)")
      #expect(refusal?.description.contains("tokenizer.json") == true, "\(model)")
    }
  }

  @Test func `the best sum of scores wins, and unknown characters share a token`() throws {
    let vocab = #"[["?", 0], ["a", -1], ["b", -1], ["ab", -1.5], ["ba", -3]]"#
    let tokenizer = try Self.load(#"{"type": "Unigram", "unk_id": 0, "vocab": \#(vocab)}"#)
    #expect(try tokenizer.encode("aba") == [3, 1])
    #expect(try tokenizer.encode("bab") == [2, 3])
    let encoding = try tokenizer.encodeWithOffsets("a\u{1F642}éb")
    #expect(encoding.ids == [1, 0, 2])
    #expect(encoding.characterSpans == [0..<1, 1..<3, 3..<4])
  }

  @Test(arguments: [
    (#"{"type": "Whitespace"}"#, "a, b\u{3000}a", [1, 0, 2, 1]),
    (#"{"type": "WhitespaceSplit"}"#, "a, b", [0, 2]),
    (#"{"type": "Punctuation"}"#, "a,b", [1, 0, 2]),
    (#"{"type": "Punctuation", "behavior": "Removed"}"#, "a。b", [1, 2]),
    (#"{"type": "CharDelimiterSplit", "delimiter": "_"}"#, "a_b", [1, 2]),
    (#"{"type": "BertPreTokenizer"}"#, "a$ b\t\u{A0}", [1, 0, 2]),
  ])
  func `words are cut as the pre-tokenizer says`(cuts: String, text: String, ids: [Int]) throws {
    #expect(try Self.load(Self.words, cuts: cuts).encode(text) == ids)
  }

  @Test(arguments: [
    (#"{"type": "Lowercase"}"#, "A", 0..<1), (#"{"type": "Strip"}"#, " \u{3000}a\n", 2..<3),
    (#"{"type": "StripAccents"}"#, "a\u{301}", 0..<1), (#"{"type": "NFKC"}"#, "ａ", 0..<1),
    (#"{"type": "Replace", "pattern": {"Regex": "x+"}, "content": "a"}"#, "xxx", 2..<3),
    (#"{"type": "Nmt"}"#, "\u{1}a\u{7F}", 1..<2),
    (#"{"type": "BertNormalizer"}"#, "\u{FFFD}Á", 1..<2),
    (#"{"type": "Replace", "pattern": {"String": "."}, "content": ""}"#, "..a.", 2..<3),
  ])
  func `a text is rewritten, and its token stands for what was written`(
    normalizer: String, text: String, span: Range<Int>
  ) throws {
    let encoding = try Self.load(Self.words, normalizer: normalizer).encodeWithOffsets(text)
    #expect(encoding.ids == [1])
    #expect(encoding.characterSpans == [span])
  }

  @Test(arguments: [
    ("null", "a b"), (#"{"type": "Fuse"}"#, "ab"),
    (#"{"type": "WordPiece", "cleanup": false}"#, "a b"),
    (#"{"type": "Replace", "pattern": {"String": "b"}, "content": "cc"}"#, "acc"),
    (#"{"type": "Strip", "content": "a", "start": 1, "stop": 0}"#, "b"),
    (#"{"type": "Metaspace", "replacement": "b"}"#, "a "),
    (#"{"type": "BPEDecoder", "suffix": "a"}"#, " b"),
  ])
  func `tokens are put together as the decoder says`(decoder: String, text: String) throws {
    #expect(try Self.load(Self.words, decoder: decoder).decode([1, 2]) == text)
  }
}
