import Foundation
import Inputs
import Testing
import Tokenizers

/// Tiny tokenizers of every form, beside what the published libraries make of awkward texts; see
/// `Fixtures/make_fixtures.py`.
struct TinyTokenizerTests {
  struct Expected {
    let text: String
    let ids: [Int]
    let framed: [Int]
    let spans: [Range<Int>]?
    let decoded: String
  }

  static func folder(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/tiny/\(name)")
  }

  static func expected(_ folder: URL) throws -> [Expected] {
    let path = folder.appendingPathComponent("expected.json").path
    return try JSONField.load(path, kind: .model).items().map { row in
      func ids(_ key: String) throws -> [Int] { try row[key].items().map { try $0.int() } }
      let spans = try row.optional("spans")?.items().map { pair in
        let ends = try pair.items().map { try $0.int() }
        return ends[0]..<ends[1]
      }
      return Expected(
        text: try row["text"].string(), ids: try ids("ids"), framed: try ids("framed"),
        spans: spans,
        decoded: try row["decoded"].string())
    }
  }

  @Test(arguments: [
    ("bert", "tokenizer.json"), ("bert-cased", "tokenizer.json"), ("clip", "tokenizer.json"),
    ("gemma", "tokenizer.json"), ("gguf-bert", "tokenizer.gguf"), ("gguf-gemma", "tokenizer.gguf"),
    ("gguf-llama", "tokenizer.gguf"), ("gguf-t5", "tokenizer.gguf"), ("llama", "tokenizer.json"),
    ("llama2c", "tokenizer.bin"),
    ("mistral", "tokenizer.json"), ("sp-bpe", "tokenizer.model"), ("sp-unigram", "tokenizer.model"),
    ("sp-user", "tokenizer.model"), ("t5", "tokenizer.json"), ("tiktoken", "tiny.tiktoken"),
    ("vocab-merges", "vocab.json"), ("vocab-txt", "vocab.txt"), ("words", "tokenizer.json"),
  ])
  func `a tiny tokenizer gives what the published library does`(name: String, file: String) throws {
    let folder = try Self.folder(name)
    let tokenizer = try ModelTokenizer.open(
      folder.appendingPathComponent(file).path, vocabulary: nil)
    let rows = try Self.expected(folder)
    #expect(rows.count > 20)
    for row in rows {
      let encoding = try tokenizer.encodeWithOffsets(row.text)
      #expect(encoding.ids == row.ids, "\(quoted(row.text))")
      // A beginning that was typed is not doubled, as the libraries do.
      let isDoubled =
        row.framed.count > row.ids.count && row.framed.first == row.ids.first
        && row.framed.first == row.framed.dropFirst().first
      let framed = isDoubled ? Array(row.framed.dropFirst()) : row.framed
      #expect(
        try tokenizer.encode(row.text, addingSpecialTokens: true) == framed, "\(quoted(row.text))")
      // What was composed stands for all that it was composed of.
      if let spans = row.spans, !row.text.unicodeScalars.contains("\u{301}") {
        #expect(encoding.characterSpans == spans, "\(quoted(row.text))")
      }
      // A GGUF file does not say what an unknown piece looks like.
      if name != "gguf-t5" || !row.ids.contains(0) && !row.text.contains("\u{2581}") {
        #expect(
          tokenizer.decode(row.ids).utf8.elementsEqual(row.decoded.utf8),
          "\(quoted(row.text)): \(quoted(tokenizer.decode(row.ids)))")
      }
      // Spans are in order and inside, and every one that stands for something says what.
      let count = row.text.unicodeScalars.count
      #expect(encoding.characterSpans.allSatisfy { $0.upperBound <= count })
    }
  }
}
