import Foundation
import Inputs
import Testing

@testable import Tokenizers

/// Folders as their owners publish them: a vocabulary, and a configuration that changes what it does.
struct TokenizerFolderTests {
  /// Opens a folder with files of a tiny tokenizer and others beside them.
  static func open(
    _ name: String, _ files: [String], _ others: [String: String] = [:], vocabulary: Int? = nil
  ) throws -> any Tokenizer {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for file in files {
      try FileManager.default.copyItem(
        at: TinyTokenizerTests.folder(name).appendingPathComponent(file),
        to: folder.appendingPathComponent(file))
    }
    for (file, text) in others {
      try Data(text.utf8).write(to: folder.appendingPathComponent(file))
    }
    return try ModelTokenizer.open(folder.path, vocabulary: vocabulary)
  }

  static func refusal(_ name: String, _ files: [String], _ config: String) throws -> String {
    let refusal = #expect(throws: Refusal.self) {
      try open(name, files, ["tokenizer_config.json": config])
    }
    return refusal?.description ?? ""
  }

  @Test func `a folder without any form of tokenizer is refused with the forms`() throws {
    let refusal = #expect(throws: Refusal.self) { try Self.open("bert", []) }
    for form in ["tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", ".tiktoken"] {
      #expect(refusal?.description.contains(form) == true, "\(form)")
    }
  }

  @Test func `GPT-2's two files obey add_prefix_space and add_bos_token`() throws {
    let files = ["vocab.json", "merges.txt"]
    let plain = try Self.open("vocab-merges", files)
    let end = try #require(plain.id(of: "<|endoftext|>"))
    #expect(try plain.encode("the", addingSpecialTokens: true) == plain.encode("the"))
    #expect(try plain.encode("the<|endoftext|>").last == end)
    let prefixed = try Self.open(
      "vocab-merges", files, ["tokenizer_config.json": #"{"add_prefix_space": true}"#])
    #expect(try prefixed.encode("the") == plain.encode(" the"))
    let opt = #"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true, "#
    let framed = try Self.open(
      "vocab-merges", files,
      ["tokenizer_config.json": opt + #""bos_token": {"content": "<|endoftext|>"}}"#])
    #expect(try framed.encode("the", addingSpecialTokens: true) == [end] + plain.encode("the"))
    #expect(
      try framed.encode("<|endoftext|>the", addingSpecialTokens: true).count { $0 == end } == 1)
    let missing = try Self.refusal("vocab-merges", files, opt + #""bos_token": "<nowhere>"}"#)
    #expect(missing.contains("tokenizer_config.json: add_bos_token"), "\(missing)")
    let other = try Self.open(
      "vocab-merges", files, ["tokenizer_config.json": #"{"tokenizer_class": "OwnTokenizer"}"#])
    #expect(other.notes.joined().contains("OwnTokenizer"))
  }

  @Test func `merges that do not fit the vocabulary are refused by line`() throws {
    for (merges, term) in [
      ("#version: 0.2\nt h e\n", "line 2"), ("q\n", "line 1"),
      ("#version\n\u{120} \u{FFFD}\n", "line 2"),
    ] {
      let refusal = #expect(throws: Refusal.self) {
        try Self.open("vocab-merges", ["vocab.json"], ["merges.txt": merges])
      }
      #expect(refusal?.description.contains("merges.txt: \(term)") == true, "\(merges)")
    }
  }

  @Test
  func `a tokenizer_json obeys add_prefix_space and do_lower_case, and notes what it does not`()
    throws
  {
    var tiny = TinyTokenizer()
    func open(_ config: String) throws -> any Tokenizer {
      try Self.open("bert", [], ["tokenizer.json": tiny.json, "tokenizer_config.json": config])
    }
    let plain = try open("{}")
    #expect(try open(#"{"add_prefix_space": true}"#).encode("the") == plain.encode(" the"))
    tiny.fields["pre_tokenizer"] = #"{"type": "ByteLevel", "add_prefix_space": true}"#
    #expect(try open(#"{"add_prefix_space": false}"#).encode("the") == plain.encode("the"))
    let noted = try open(#"{"bos_token": "the", "add_bos_token": true}"#)
    #expect(try noted.encode("a", addingSpecialTokens: true) == noted.encode("a"))
    #expect(noted.notes.count == 0)
    let bos = try open(#"{"bos_token": " the", "add_bos_token": true}"#)
    #expect(bos.notes.joined().contains("add_bos_token = true is not followed"))
    let cased = try Self.open(
      "bert", ["tokenizer.json"], ["tokenizer_config.json": #"{"do_lower_case": false}"#])
    #expect(try cased.encode("The") != cased.encode("the"))
    let llama = try Self.open(
      "llama", ["tokenizer.json"], ["tokenizer_config.json": #"{"add_prefix_space": false}"#])
    #expect(try llama.encode(" the") != Self.open("llama", ["tokenizer.json"]).encode(" the"))
  }

  @Test func `tokens that only the configuration adds are found in text`() throws {
    let config = #"{"added_tokens_decoder": {"900": {"content": "<pad>", "special": true}}}"#
    let tokenizer = try Self.open(
      "llama", ["tokenizer.json"], ["tokenizer_config.json": config], vocabulary: 420)
    #expect(tokenizer.id(of: "<pad>") == 900)
    #expect(throws: Refusal.self) { try tokenizer.encode("the<pad>") }
    let clash = #"{"added_tokens_decoder": {"5": {"content": "<pad>", "special": true}}}"#
    let message = try Self.refusal("llama", ["tokenizer.json"], clash)
    #expect(message.contains("added_tokens_decoder.5"), "\(message)")
  }

  @Test func `a SentencePiece model in a folder finds special tokens, by itself it does not`()
    throws
  {
    let alone = try ModelTokenizer.open(
      TinyTokenizerTests.folder("sp-bpe").appendingPathComponent("tokenizer.model").path,
      vocabulary: nil)
    let inFolder = try Self.open("sp-bpe", ["tokenizer.model"])
    #expect(try !alone.encode("the<s>sea").contains(1))
    #expect(try inFolder.encode("the<s>sea") == alone.encode("the") + [1] + alone.encode("sea"))
    #expect(try inFolder.encode("sea", addingSpecialTokens: true) == [1] + alone.encode("sea"))
    for tokenizer in [alone, inFolder] {
      let typed = try tokenizer.encodeWithOffsets("<s>sea", addingSpecialTokens: true)
      #expect(typed.ids == [1] + (try alone.encode("sea")))
      #expect(typed.characterSpans.first == 0..<3)
      #expect(typed.characterSpans.last?.upperBound == 6)
    }
    let config = #"{"add_bos_token": false, "add_eos_token": true, "legacy": false}"#
    let modern = try Self.open("sp-bpe", ["tokenizer.model"], ["tokenizer_config.json": config])
    #expect(try modern.encode("sea", addingSpecialTokens: true) == alone.encode("sea") + [2])
    #expect(try modern.encode("the<s>sea") != inFolder.encode("the<s>sea"))
  }

  @Test func `T5 has its sentinels behind the pieces; classes that renumber pieces are refused`()
    throws
  {
    let t5 = try Self.open(
      "sp-unigram", ["tokenizer.model"],
      ["tokenizer_config.json": #"{"tokenizer_class": "T5Tokenizer"}"#])
    let last = try #require(t5.id(of: "<extra_id_0>"))
    #expect(last == t5.count - 1)
    #expect(try t5.encode("a<extra_id_1>").last == last - 1)
    #expect(try t5.encode("ships", addingSpecialTokens: true).last == 2)
    let message = try Self.refusal(
      "sp-unigram", ["tokenizer.model"], #"{"tokenizer_class": "XLMRobertaTokenizerFast"}"#)
    #expect(message.contains("tokenizer_config.json: tokenizer_class"), "\(message)")
    #expect(message.contains("XLMRoberta"), "\(message)")
  }

  @Test func `a vocabulary of one token a line may keep capitals`() throws {
    let config = #"{"do_lower_case": false}"#
    let cased = try Self.open("vocab-txt", ["vocab.txt"], ["tokenizer_config.json": config])
    let lower = try Self.open("vocab-txt", ["vocab.txt"])
    #expect(try lower.encode("The") == lower.encode("the"))
    #expect(try cased.encode("The") != cased.encode("the"))
    let twice = #expect(throws: Refusal.self) {
      try Self.open("bert", [], ["vocab.txt": "a\nb\na\n"])
    }
    #expect(twice?.description.contains("line 3") == true)
  }

  @Test func `a tiktoken file without a named encoding says by which pattern it is cut`() throws {
    let bare = try Self.open("tiktoken", ["tiny.tiktoken"])
    #expect(bare.notes.joined().contains("pat_str"))
    #expect(try Self.open("tiktoken", ["tiny.tiktoken", "tokenizer_config.json"]).notes.isEmpty)
    for text in ["AA== 0\nnonsense\n", "AA== 0\nAA== 1\n", "AA== 0\nAQ== 0\n", "AA== 99999999\n"] {
      let refusal = #expect(throws: Refusal.self) {
        try Self.open("tiktoken", [], ["a.tiktoken": text])
      }
      #expect(refusal?.description.contains("a.tiktoken: line") == true)
    }
  }

  @Test func `a GGUF file without a pre-tokenizer is noted`() throws {
    func load(_ pre: String?) throws -> TokenizerPipeline {
      let tiny = TinyTokenizer()
      return try TokenizerPipeline(
        gguf: tiny.tokens, merges: tiny.merges, tokenTypes: tiny.tokens.map { _ in 1 }, pre: pre,
        file: "m.gguf")
    }
    #expect(try load("default").notes.isEmpty)
    let notes = try load(nil).notes
    #expect(notes.count == 1)
    #expect(notes.first?.contains("m.gguf: no tokenizer.ggml.pre") == true)
    #expect(try load(nil).encode("the 12") == load("default").encode("the 12"))
  }
}
