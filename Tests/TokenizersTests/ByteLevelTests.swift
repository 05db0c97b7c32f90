import Inputs
import Testing
import Tokenizers
import _TestSupport

struct ByteLevelTests {
  @Test func `any text comes back from its tokens`() throws {
    let tokenizer = try TinyTokenizer().load()
    var random = SeededRandom(seed: 3)
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<Int.random(in: 0...20, using: &random) {
        let ranges: [ClosedRange<UInt32>] = [0...127, 0...0x7FF, 0...0xFFFF, 0...0x10FFFF]
        let range = ranges[Int.random(in: 0..<4, using: &random)]
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
          text.unicodeScalars.append(scalar)
        }
      }
      let ids = try tokenizer.encode(text)
      #expect(tokenizer.decode(ids).utf8.elementsEqual(text.utf8), "\(quoted(text))")
    }
  }

  @Test func `each byte has the token that its letter names`() throws {
    let tokenizer = try TinyTokenizer().load()
    #expect(try tokenizer.encode("é") == [0xC3, 0xA9])
    #expect(try tokenizer.encode("\0\u{7F}") == [0, 0x7F])
    #expect(tokenizer.decode([0xC3]) == "\u{FFFD}")
    #expect(tokenizer.decode([0xC3, 0xA9]) == "é")
  }

  @Test(arguments: [false, true])
  func `merges go by rank, in both forms of the file`(pairs: Bool) throws {
    let tokenizer = try TinyTokenizer(mergesArePairs: pairs).load()
    // "Ġ t" comes before "h e", and " the" is made of both.
    #expect(try tokenizer.encode(" the") == [258])
    #expect(try tokenizer.encode("the") == [0x74, 257])
    #expect(try tokenizer.encode("abcab") == [261, 260])
    #expect(try tokenizer.encode("  the") == [32, 258])
  }

  @Test func `a pair of lower rank merges first even where it stands later`() throws {
    let tokenizer = try TinyTokenizer(merges: ["b c", "a b"]).load()
    #expect(try tokenizer.encode("abc") == [0x61, 256])
    #expect(try tokenizer.encode("aab") == [0x61, 257])
  }

  @Test func `a word that is a token is that token where merges are ignored`() throws {
    var tiny = TinyTokenizer(merges: ["b c", "a b", "ab c"])
    #expect(try tiny.load().encode("abc") == [0x61, 256])
    tiny.model["ignore_merges"] = "true"
    #expect(try tiny.load().encode("abc") == [258])
  }

  @Test func `long words merge as short ones do`() throws {
    let tokenizer = try TinyTokenizer(merges: ["a b", "b a", "ab ab", "ba b", "abab a"]).load()
    let unit = "abbabaabab"
    let long = String(repeating: unit, count: 50)
    // The naive way: the lowest rank, leftmost, by search.
    let ranks = ["a b", "b a", "ab ab", "ba b", "abab a"]
    var parts = long.map(String.init)
    while true {
      let found = ranks.compactMap { merge -> (String, Int)? in
        (0..<parts.count - 1).first { "\(parts[$0]) \(parts[$0 + 1])" == merge }.map { (merge, $0) }
      }.first
      guard let (_, place) = found else { break }
      parts[place] += parts.remove(at: place + 1)
    }
    #expect(try tokenizer.encode(long).map { tokenizer.token($0) } == parts)
    #expect(parts.count <= long.count / 2)
  }

  @Test func `a hundred thousand letters without a space take no quadratic time`() throws {
    let tokenizer = try TinyTokenizer().load()
    let text = String(repeating: "abcin", count: 20_000)
    var tokens = 0
    let seconds = try processorSeconds { tokens = try tokenizer.encode(text).count }
    #expect(tokens == 40_000)
    #expect(seconds < 20, "unoptimised")
  }

  @Test func `tokens are found by their text and shown by it`() throws {
    let tokenizer = try TinyTokenizer().load()
    #expect(tokenizer.id(of: " the") == 258)
    #expect(tokenizer.token(258) == " the")
    #expect(tokenizer.id(of: "Ġthe") == nil)
    #expect(tokenizer.id(of: "") == nil)
    #expect(tokenizer.token(0xC3) == "\u{FFFD}")
    #expect(tokenizer.token(-1) == nil)
    #expect(tokenizer.token(tokenizer.count) == nil)
    #expect(tokenizer.decode([-1, 258, 1 << 40, Int.min]) == " the")
    #expect(tokenizer.count == 265)
  }

  @Test func `spans cover the text, with the space before a word`() throws {
    let tokenizer = try TinyTokenizer().load()
    let encoding = try tokenizer.encodeWithOffsets("é the abc")
    #expect(encoding.ids == [0xC3, 0xA9, 258, 32, 261])
    #expect(encoding.utf8Spans == [0..<1, 1..<2, 2..<6, 6..<7, 7..<10])
    #expect(encoding.characterSpans == [0..<1, 0..<1, 1..<5, 5..<6, 6..<9])
    #expect(encoding.tokens(coveringUTF8: 3..<6) == 2..<3)
    #expect(encoding.tokens(coveringCharacters: 0..<1) == 0..<2)
    #expect(encoding.tokens(coveringCharacters: 3..<8) == 2..<5)
    #expect(encoding.tokens(coveringUTF8: 4..<4).isEmpty)
  }

  @Test func `a repeated word has its own spans each time`() throws {
    let tokenizer = try TinyTokenizer().load()
    let text = String(repeating: " theabc", count: 5)
    let spans = try tokenizer.encodeWithOffsets(text).utf8Spans
    #expect(spans.first?.lowerBound == 0)
    #expect(spans.last?.upperBound == text.utf8.count)
    #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
  }

  @Test func `composed text has the spans of what was written`() throws {
    var tiny = TinyTokenizer()
    tiny.fields["normalizer"] = #"{"type": "Sequence", "normalizers": [{"type": "NFC"}]}"#
    let tokenizer = try tiny.load()
    let encoding = try tokenizer.encodeWithOffsets("ae\u{301}in")
    #expect(encoding.ids == [0x61, 0xC3, 0xA9, 259])
    #expect(encoding.utf8Spans == [0..<1, 1..<4, 1..<4, 4..<6])
    #expect(encoding.characterSpans == [0..<1, 1..<3, 1..<3, 3..<5])
    #expect(try tokenizer.encode("\u{212B}") == [0xC3, 0x85])
  }

  @Test func `digits are split one by one where the file says so`() throws {
    var tiny = TinyTokenizer()
    #expect(try tiny.load().encode("123 12") == [263, 32, 262])
    tiny.fields["pre_tokenizer"] = """
      {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]}
      """
    #expect(try tiny.load().encode("123 12") == [0x31, 0x32, 0x33, 32, 0x31, 0x32])
    tiny.fields["pre_tokenizer"] = """
      {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": false},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}
      """
    #expect(try tiny.load().encode("ab123 12") == [260, 263, 32, 262])
  }

  @Test func `a leading space is put in front without a place of its own`() throws {
    var tiny = TinyTokenizer()
    tiny.fields["pre_tokenizer"] = #"{"type": "ByteLevel", "add_prefix_space": true}"#
    let tokenizer = try tiny.load()
    let encoding = try tokenizer.encodeWithOffsets("the the")
    #expect(encoding.ids == [258, 258])
    #expect(encoding.utf8Spans == [0..<3, 3..<7])
    #expect(try tokenizer.encode(" the") == [258])
    #expect(try tokenizer.encode("") == [])
  }

  @Test func `bytes without a token become the unknown token or are refused`() throws {
    var tiny = TinyTokenizer()
    tiny.model["vocab"] = #"{"<unk>": 0, "a": 1, "b": 2, "ab": 3}"#
    tiny.model["merges"] = #"["a b"]"#
    let bare = try tiny.load()
    #expect(try bare.encode("ab") == [3])
    let failure = #expect(throws: Refusal.self) { try bare.encode("a?b") }
    #expect(failure?.description.contains("0x3F") == true)
    #expect(failure?.description.contains("tokenizer.json") == true)
    tiny.model["unk_token"] = "\"<unk>\""
    #expect(try tiny.load().encode("a??b") == [1, 0, 0, 2])
    tiny.model["fuse_unk"] = "true"
    let fused = try tiny.load().encodeWithOffsets("a??")
    #expect(fused.ids == [1, 0])
    #expect(fused.utf8Spans == [0..<1, 1..<3])
  }

  @Test func `letters without a token are spelled in bytes where the file falls back to them`()
    throws
  {
    var tiny = TinyTokenizer()
    tiny.model["vocab"] = #"{"a": 0, "<0xC4>": 1, "<0xA0>": 2}"#
    tiny.model["merges"] = "[]"
    tiny.model["byte_fallback"] = "true"
    // A space is written Ġ, which is C4 A0 in UTF-8.
    let encoding = try tiny.load().encodeWithOffsets("a a")
    #expect(encoding.ids == [0, 1, 2, 0])
    #expect(encoding.utf8Spans == [0..<1, 1..<2, 2..<2, 2..<3])
  }

  @Test func `equal files have equal digests, and others others`() throws {
    var tiny = TinyTokenizer()
    tiny.model = ["type": "\"BPE\""]
    let values = tiny.tokens
    func gguf(_ pre: String) throws -> TokenizerPipeline {
      try TokenizerPipeline(
        gguf: values, merges: tiny.merges, tokenTypes: Array(repeating: 1, count: values.count),
        pre: pre)
    }
    #expect(try gguf("gpt-2").digest == gguf("gpt-2").digest)
    #expect(try gguf("gpt-2").digest != gguf("smollm").digest)
    #expect(try gguf("gpt-2").digest.count == 64)
    #expect(try tiny.load().digest.count == 64)
  }
}
