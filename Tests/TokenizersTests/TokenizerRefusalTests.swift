import Inputs
import Testing
import Tokenizers

/// What a `tokenizer.json` must not hold, and the terms that the refusal names.
struct TokenizerRefusalTests {
  @Test func `the file that the others change is accepted`() throws {
    #expect(try TinyTokenizer().refusal() == nil)
    #expect(try TinyTokenizer().refusal(vocabularySize: 265) == nil)
  }

  @Test(arguments: [
    ("version", "\"2.0\"", ["version", "2.0"]),
    ("surprise", "1", ["surprise"]),
    ("normalizer", #"{"type": "Uppercase"}"#, ["normalizer", "Uppercase", "Lowercase"]),
    ("normalizer", #"{"type": "Sequence", "normalizers": [{"type": "NFX"}]}"#, ["NFX", "NFKC"]),
    ("normalizer", #"{"type": "Precompiled", "precompiled_charsmap": "@"}"#, ["base 64"]),
    (
      "normalizer", #"{"type": "Precompiled", "precompiled_charsmap": "AAQAAA=="}"#,
      ["normalizer.precompiled_charsmap", "1024"]
    ),
    ("normalizer", #"{"type": "NFC", "strip": true}"#, ["normalizer", "strip"]),
    ("pre_tokenizer", #"{"type": "Metaspace"}"#, ["pre_tokenizer.replacement"]),
    (
      "pre_tokenizer", #"{"type": "Metaspace", "replacement": "ab"}"#,
      ["pre_tokenizer.replacement", "ab", "one character"]
    ),
    (
      "pre_tokenizer", #"{"type": "Metaspace", "replacement": "a", "prepend_scheme": "second"}"#,
      ["prepend_scheme", "second", "first"]
    ),
    ("pre_tokenizer", #"{"type": "UnicodeScripts"}"#, ["UnicodeScripts", "Punctuation"]),
    ("pre_tokenizer", #"{"type": "ByteLevel", "speed": 1}"#, ["speed"]),
    (
      "pre_tokenizer",
      #"{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Vanish", "invert": false}"#,
      ["behavior", "Vanish", "Isolated"]
    ),
    (
      "pre_tokenizer",
      #"{"type": "Split", "pattern": {"Glob": "a"}, "behavior": "Removed", "invert": false}"#,
      ["Glob"]
    ),
    ("decoder", #"{"type": "CTC"}"#, ["decoder", "CTC"]),
    ("decoder", #"{"type": "Strip", "content": " ", "start": -1, "stop": 0}"#, ["decoder.start"]),
    ("post_processor", #"{"type": "Wrap"}"#, ["post_processor", "Wrap"]),
    (
      "post_processor", #"{"type": "BertProcessing", "sep": ["s", 9999], "cls": ["c", 1]}"#,
      ["post_processor", "9999"]
    ),
    (
      "post_processor",
      #"{"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}"#,
      ["single", "\\\"A\\\""]
    ),
    (
      "post_processor",
      """
      {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}},
      {"SpecialToken": {"id": "no", "type_id": 0}}], "pair": [], "special_tokens": {}}
      """, ["special_tokens.no"]
    ),
    ("added_tokens", #"[{"id": 97, "content": "<e>"}]"#, ["97", "<e>", "\\\"a\\\""]),
    ("added_tokens", #"[{"id": 300, "content": "a"}]"#, ["300", "97", "\\\"a\\\""]),
    (
      "added_tokens", #"[{"id": 300, "content": "x1"}, {"id": 300, "content": "x2"}]"#,
      ["300", "x1", "x2"]
    ),
    ("added_tokens", #"[{"id": 1099511627776, "content": "<e>"}]"#, ["1099511627776"]),
    ("added_tokens", #"[{"id": -1, "content": "<e>"}]"#, ["-1"]),
    ("added_tokens", #"[{"id": 300, "content": "<e>", "special": 1}]"#, ["special", "true"]),
    ("added_tokens", #"[{"id": 300, "content": "<e>", "colour": 1}]"#, ["colour"]),
  ])
  func `a field that changes tokens and is not known is refused`(
    field: String, value: String, terms: [String]
  ) throws {
    var tiny = TinyTokenizer()
    tiny.fields[field] = value
    let message = try #require(try tiny.refusal())
    for term in terms {
      #expect(message.contains(term.replacing("\\\"", with: "\"")), "\(term) in \(message)")
    }
  }

  @Test(arguments: [
    ("type", "\"Syllables\"", ["model.type", "Syllables", "BPE"]),
    ("type", "\"WordPiece\"", ["model.merges"]),
    ("dropout", "0.1", ["model.dropout", "0.1"]),
    ("unk_token", "\"<unk>\"", ["unk_token", "<unk>"]),
    ("temperature", "1", ["temperature"]),
    ("ignore_merges", "\"yes\"", ["ignore_merges", "yes"]),
    ("vocab", "{}", ["model.vocab", "empty"]),
    ("vocab", #"{"a": 0, "b": 0}"#, ["model.vocab", "0", "twice", "\"a\""]),
    ("vocab", #"{"a": 0.5}"#, ["0.5"]),
    ("vocab", #"{"a": 9223372036854775808}"#, ["9223372036854775808"]),
    ("vocab", #"{"a": 70000}"#, ["70000", "65537"]),
    ("merges", "{}", ["model.merges", "an object"]),
    ("merges", #"["ab"]"#, ["model.merges[0]", "ab"]),
    ("merges", #"["a b", "a b c"]"#, ["model.merges[1]", "a b c"]),
    ("merges", #"[" a"]"#, ["model.merges[0]"]),
    ("merges", #"[["a"]]"#, ["model.merges[0]"]),
    ("merges", #"[7]"#, ["model.merges[0]", "7"]),
    ("merges", #"["q z"]"#, ["model.merges[0]", "q z", "qz"]),
  ])
  func `a model that does not fit itself is refused`(
    field: String, value: String, terms: [String]
  ) throws {
    var tiny = TinyTokenizer()
    tiny.model[field] = value
    let message = try #require(try tiny.refusal())
    for term in terms { #expect(message.contains(term), "\(term) in \(message)") }
  }

  @Test func `a token that the embedding has no row for is refused`() throws {
    let message = try #require(try TinyTokenizer().refusal(vocabularySize: 264))
    #expect(message.contains("264"))
    #expect(message.contains("embedding"))
  }

  @Test func `an added token past the embedding opens, and a text that uses it is refused`() throws
  {
    var tiny = TinyTokenizer()
    tiny.fields["added_tokens"] = #"[{"id": 265, "content": "[PAD]", "special": true}]"#
    let tokenizer = try tiny.load(vocabularySize: 265)
    #expect(try tokenizer.encode("a b").count == 3)
    for makesSpans in [false, true] {
      let refusal = #expect(throws: Refusal.self) {
        if makesSpans {
          _ = try tokenizer.encodeWithOffsets("a[PAD]")
        } else {
          _ = try tokenizer.encode("a[PAD]")
        }
      }
      for term in ["tokenizer.json", "added_tokens", "[PAD]", "265", "rows of the embedding"] {
        #expect(refusal?.description.contains(term) == true, "\(term)")
      }
    }
  }

  @Test func `an added token longer than its limit is refused`() throws {
    var tiny = TinyTokenizer()
    let long = String(repeating: "x", count: 1025)
    tiny.fields["added_tokens"] = #"[{"id": 300, "content": "\#(long)"}]"#
    #expect(try tiny.refusal()?.contains("1025") == true)
  }

  @Test func `what never changes a token is passed over`() throws {
    var tiny = TinyTokenizer()
    tiny.fields["truncation"] = #"{"max_length": 2}"#
    tiny.fields["padding"] = #"{"strategy": {"Fixed": 9}}"#
    tiny.model["type"] = nil
    tiny.model["dropout"] = "0.0"
    tiny.model["end_of_word_suffix"] = "\"\""
    #expect(try tiny.load().encode("a b c d").count == 7)
  }
}
