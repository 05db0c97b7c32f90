import Inputs
import Testing

@testable import Tokenizers

struct GGUFTokenizerTests {
  static let tiny = TinyTokenizer()

  static func load(
    tokens: [String] = tiny.tokens + ["<e>", "<u>", "<pad>"], merges: [String] = tiny.merges,
    types: [Int]? = nil, pre: String = "gpt-2", first: Int? = nil, last: Int? = nil,
    vocabularySize: Int? = nil
  ) throws -> TokenizerPipeline {
    let types = types ?? Array(repeating: 1, count: max(0, tokens.count - 3)) + [3, 4, 5]
    return try TokenizerPipeline(
      gguf: tokens, merges: merges, tokenTypes: types, pre: pre, first: first, last: last,
      file: "m.gguf", vocabularySize: vocabularySize)
  }

  @Test func `control tokens and those of the user are found in text, unused ones are not`() throws
  {
    let tokenizer = try Self.load()
    #expect(try tokenizer.encode("a<e><u>") == [0x61, 265, 266])
    #expect(try tokenizer.encode("<pad>").count == 5)
    #expect(tokenizer.isSpecial(265))
    #expect(!tokenizer.isSpecial(266))
    #expect(tokenizer.decode([258, 265, 266]) == " the<e><u>")
    #expect(tokenizer.count == 268)
  }

  @Test func `values and file of one vocabulary give the same tokens`() throws {
    let text = "the ab 123 é\n\n  in\u{a0}theabc"
    #expect(try Self.load().encode(text) == Self.tiny.load().encode(text))
  }

  @Test func `first and last token go around the text when they are asked for`() throws {
    let tokenizer = try Self.load(first: 265, last: 1)
    #expect(try tokenizer.encode("a") == [0x61])
    #expect(try tokenizer.encode("a", addingSpecialTokens: true) == [265, 0x61, 1])
  }

  @Test(arguments: [
    ("gpt-2", "12345é1", ["12345", "é", "1"]), ("smollm", "12 3", ["1", "2", " ", "3"]),
    ("qwen2", "12", ["1", "2"]), ("llama-bpe", "12345", ["123", "45"]),
    ("dbrx", "1234", ["123", "4"]), ("gpt-2", "I'LL", ["I", "'", "LL"]),
    ("qwen2", "I'LL", ["I", "'LL"]), ("qwen2", "e\u{301}", ["\u{E9}"]),
    ("olmo", "e\u{301}", ["\u{E9}"]), ("gpt-4o", "helloWorldI'm", ["hello", "World", "I'm"]),
    ("tekken", "helloWorld12", ["hello", "World", "1", "2"]),
    ("default", "a1234!!b", ["a", "123", "4", "!!", "b"]),
    ("gpt-2", "a  b\n\nc", ["a", " ", " b", "\n", "\n", "c"]),
    ("qwen2", "a!\n\nb", ["a", "!\n\n", "b"]),
  ])
  func `a published pre-tokenizer cuts words as it does`(
    pre: String, text: String, words: [String]
  ) throws {
    let published = try PublishedPreTokenizer(named: pre, file: "")
    var source = SourceText(text)
    var pieces = [Piece(range: 0..<source.scalars.count)]
    var matcher = PatternMatcher(length: source.scalars.count)
    if published.composes {
      pieces = try NormalizerStep.unicode(.composed).apply(
        to: pieces, of: &source, using: &matcher)
    }
    for step in published.steps {
      pieces = try step.apply(to: pieces, of: &source, using: &matcher)
    }
    let found = pieces.map { Array(source.bytes[source.bytes(of: $0.range)]) }
    #expect(found == words.map { Array($0.utf8) })
  }

  @Test func `values that do not fit each other are refused by field`() throws {
    func expectRefusal(_ terms: [String], _ make: () throws -> TokenizerPipeline) {
      let refusal = #expect(throws: Refusal.self) { try make() }
      let message = refusal?.description ?? ""
      #expect(refusal?.kind == .model)
      for term in ["m.gguf: tokenizer.ggml."] + terms {
        #expect(message.contains(term), "\(term) in \(message)")
      }
    }
    expectRefusal(["pre", "smolm", "smollm"]) { try Self.load(pre: "smolm") }
    expectRefusal(["pre", "deepseek-llm"]) { try Self.load(pre: "deepseek-llm") }
    expectRefusal(["pre", "\"\""]) { try Self.load(pre: "") }
    expectRefusal(["tokens", "0"]) { try Self.load(tokens: [], types: []) }
    expectRefusal(["token_type", "2", "268"]) { try Self.load(types: [1, 1]) }
    expectRefusal(["token_type", "7"]) {
      try Self.load(tokens: ["a", "b"], merges: [], types: [1, 7])
    }
    expectRefusal(["tokens", "\"a\"", "twice"]) {
      try Self.load(tokens: ["a", "a"], merges: [], types: [1, 1])
    }
    expectRefusal(["merges[0]", "a q"]) {
      try Self.load(tokens: ["a"], merges: ["a q"], types: [1])
    }
    expectRefusal(["merges", "abc"]) { try Self.load(tokens: ["a"], merges: ["abc"], types: [1]) }
    expectRefusal(["bos_token_id", "4000000000", "268"]) { try Self.load(first: 4_000_000_000) }
    expectRefusal(["eos_token_id", "-1"]) { try Self.load(last: -1) }
    expectRefusal(["tokens", "268", "267"]) { try Self.load(vocabularySize: 267) }
  }
}
