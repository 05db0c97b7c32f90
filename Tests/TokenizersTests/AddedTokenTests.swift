import Testing
import Tokenizers

struct AddedTokenTests {
  /// A tokenizer with `<e>` as 300 and another added token as 301.
  static func tokenizer(_ content: String, _ flags: String, normalizer: String = "null") throws
    -> TokenizerPipeline
  {
    var tiny = TinyTokenizer()
    tiny.fields["normalizer"] = normalizer
    tiny.fields["added_tokens"] = """
      [{"id": 300, "content": "<e>", "special": true, "normalized": false},
       {"id": 301, "content": \(TinyTokenizer.literal(content)), "special": false\(flags)}]
      """
    return try tiny.load()
  }

  @Test func `added tokens are found in the text, the longest first`() throws {
    let tokenizer = try Self.tokenizer("<e><e>", "")
    #expect(try tokenizer.encode("a<e>b") == [0x61, 300, 0x62])
    #expect(try tokenizer.encode("<e><") == [300, 0x3C])
    #expect(try tokenizer.encode("<e") == [0x3C, 0x65])
    let raw = try Self.tokenizer("<e><e>", #", "normalized": false"#)
    #expect(try raw.encode("<e><e><e>") == [301, 300])
    #expect(raw.decode([301, 300]) == "<e><e><e>")
    #expect(raw.count == 302)
    #expect(raw.token(299) == nil)
    #expect(raw.id(of: "<e>") == 300)
    #expect(raw.isSpecial(300))
    #expect(!raw.isSpecial(301))
  }

  @Test func `an added token may take the white space beside it`() throws {
    let left = try Self.tokenizer("[m]", #", "lstrip": true"#)
    #expect(try left.encode("a \n[m] b") == [0x61, 301, 32, 0x62])
    let right = try Self.tokenizer("[m]", #", "rstrip": true"#)
    let encoding = try right.encodeWithOffsets("a [m] \tb")
    #expect(encoding.ids == [0x61, 32, 301, 0x62])
    #expect(encoding.utf8Spans == [0..<1, 1..<2, 2..<7, 7..<8])
  }

  @Test func `a single word is found only where no letter is beside it`() throws {
    let tokenizer = try Self.tokenizer("hi", #", "single_word": true"#)
    #expect(try tokenizer.encode("hi") == [301])
    #expect(try tokenizer.encode("a hi.") == [0x61, 32, 301, 0x2E])
    #expect(try tokenizer.encode("hiab") == [0x68, 0x69, 260])
    #expect(try tokenizer.encode("1hi") == [0x31, 0x68, 0x69])
  }

  @Test func `a normalized token is found in the composed text, another in the text as written`()
    throws
  {
    let nfc = #"{"type": "NFC"}"#
    let normalized = try Self.tokenizer("e\u{301}", #", "normalized": true"#, normalizer: nfc)
    #expect(try normalized.encode("é") == [301])
    #expect(try normalized.encode("e\u{301}") == [301])
    let raw = try Self.tokenizer("e\u{301}", #", "normalized": false"#, normalizer: nfc)
    #expect(try raw.encode("é") == [0xC3, 0xA9])
    #expect(try raw.encode("e\u{301}") == [301])
  }

  @Test(arguments: [
    (
      """
      {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<e>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "x", "type_id": 0}}],
      "pair": [], "special_tokens": {"<e>": {"id": "<e>", "ids": [300], "tokens": ["<e>"]},
      "x": {"id": "x", "ids": [1, 2], "tokens": ["x", "y"]}}}
      """, [300, 0x61, 1, 2]
    ),
    (#"{"type": "RobertaProcessing", "sep": ["s", 2], "cls": ["c", 1]}"#, [1, 0x61, 2]),
    (
      """
      {"type": "Sequence", "processors": [{"type": "ByteLevel", "trim_offsets": false},
      {"type": "BertProcessing", "sep": ["s", 2], "cls": ["c", 300]}]}
      """, [300, 0x61, 2]
    ),
    (#"{"type": "ByteLevel"}"#, [0x61]),
  ])
  func `special tokens go around the text when they are asked for`(
    processor: String, expected: [Int]
  ) throws {
    var tiny = TinyTokenizer()
    tiny.fields["added_tokens"] = #"[{"id": 300, "content": "<e>", "special": true}]"#
    tiny.fields["post_processor"] = processor
    let tokenizer = try tiny.load()
    #expect(try tokenizer.encode("a") == [0x61])
    #expect(try tokenizer.encode("a", addingSpecialTokens: true) == expected)
    let encoding = try tokenizer.encodeWithOffsets("a", addingSpecialTokens: true)
    #expect(encoding.ids == expected)
    #expect(encoding.utf8Spans.filter { !$0.isEmpty } == [0..<1])
    #expect(encoding.characterSpans.count == expected.count)
  }
}
