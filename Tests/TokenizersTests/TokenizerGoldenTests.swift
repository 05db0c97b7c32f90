import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Tokenizers

/// Ids, texts and places recorded from the published libraries, for strings chosen to be awkward.
@Suite(.enabled(if: SharedMaterial.isPresent, "the reference material is not beside the clone"))
struct TokenizerGoldenTests {
  struct Golden {
    let strings: [String]
    let ids: [[Int]]
    let decoded: [Int: String]
    let offsets: [[Range<Int>]]
    let framed: [[Int]]
    let file: String?

    init(_ name: String) throws {
      let folder = try #require(SharedMaterial.root).appendingPathComponent("goldens/tokenizers")
      func load(_ file: String) throws -> JSONField {
        try JSONField.load(folder.appendingPathComponent(file).path, kind: .model)
      }
      func lists(_ field: JSONField?) throws -> [[Int]] {
        try field?.items().map { try $0.items().map { try $0.int() } } ?? []
      }
      strings = try load("strings.json").items().map { try $0.string() }
      let golden = try load("\(name).json")
      ids = try lists(golden["ids"])
      framed = try lists(golden.optional("with_special_tokens")?.optional("ids"))
      offsets =
        try golden.optional("offsets_first_60")?.items().map {
          try $0.items().map {
            let ends = try $0.items().map { try $0.int() }
            return ends[0]..<ends[1]
          }
        } ?? []
      file = try golden.optional("tokenizer_file").map {
        folder.appendingPathComponent(try $0.string()).path
      }
      var decoded: [Int: String] = [:]
      for (key, field) in try golden["decoded_where_different"].members() {
        decoded[try #require(Int(key))] = try field.string()
      }
      self.decoded = decoded
    }
  }

  /// The file of gpt_neox asks for offsets without the blanks at the ends of a token.
  @Test(arguments: [
    "bert_uncased", "gpt2", "gpt_neox", "llama2_sentencepiece", "olmo2", "qwen2_5", "smollm2",
    "tok512", "unigram_1000",
  ])
  func `a published tokenizer gives the recorded ids, texts, places and special tokens`(
    name: String
  ) throws {
    let golden = try Golden(name)
    guard let file = golden.file else {
      // Its vocabulary is not among the material: the form of its words is tested by itself.
      #expect(name == "qwen2_5")
      return
    }
    let tokenizer = try ModelTokenizer.open(file, vocabulary: nil)
    #expect(golden.strings.count == 500)
    #expect(golden.ids.count == 500)
    for (place, text) in golden.strings.enumerated() {
      let encoding = try tokenizer.encodeWithOffsets(text)
      #expect(encoding.ids == golden.ids[place], "string \(place), \(quoted(text))")
      #expect(try tokenizer.encode(text) == encoding.ids)
      let back = tokenizer.decode(golden.ids[place])
      let expected = golden.decoded[place] ?? text
      #expect(back.utf8.elementsEqual(expected.utf8), "decoding \(place), \(quoted(text))")
      if golden.offsets.indices.contains(place) {
        let spans = encoding.characterSpans.map { span in
          name == "gpt_neox" ? trimmed(span, Array(text.unicodeScalars)) : span
        }
        #expect(spans == golden.offsets[place], "\(quoted(text))")
      }
      if golden.framed.indices.contains(place) {
        #expect(
          try tokenizer.encode(text, addingSpecialTokens: true) == golden.framed[place],
          "\(quoted(text))")
      }
    }
  }

  private func trimmed(_ span: Range<Int>, _ scalars: [Unicode.Scalar]) -> Range<Int> {
    var (start, end) = (span.lowerBound, span.upperBound)
    while start < end, scalars[start] == " " { start += 1 }
    while start < end, scalars[end - 1] == " " { end -= 1 }
    return start..<end
  }

  /// The metadata is what a GGUF conversion of the same tokenizer holds.
  @Test func `SmolLM2 made from the values of a GGUF file gives the recorded ids`() throws {
    let golden = try Golden("smollm2")
    let root = try JSONField.load(#require(golden.file), kind: .model)
    let model = try root["model"]
    var tokens = [String](repeating: "", count: try model["vocab"].object().members.count)
    for (text, field) in try model["vocab"].members() { tokens[try field.int()] = text }
    var types = [Int](repeating: 1, count: tokens.count)
    for added in try root["added_tokens"].items() { types[try added["id"].int()] = 3 }
    let merges = try model["merges"].items().map {
      try $0.items().map { try $0.string() }.joined(separator: " ")
    }
    let tokenizer = try TokenizerPipeline(
      gguf: tokens, merges: merges, tokenTypes: types, pre: "smollm", vocabularySize: 49152)
    for (text, ids) in zip(golden.strings, golden.ids) {
      #expect(try tokenizer.encode(text) == ids)
    }
  }

  /// The pieces and scores are what a GGUF conversion of Llama 2 holds.
  @Test func `Llama 2 made from the values of a GGUF file gives the ids of SentencePiece`() throws {
    let golden = try Golden("llama2_sentencepiece")
    let file = try #require(golden.file)
    let model = try SentencePieceModel(
      BoundedFile(file, kind: .model).readAll(limit: 1 << 24), file: file, rows: nil)
    // Control pieces are no text in SentencePiece; a GGUF file's are found where they are typed.
    let types = model.pieces.map {
      $0.kind == .control || $0.kind == .unknown ? 6 : Int($0.kind.rawValue)
    }
    var pieces = GGUFPieces(
      vocabulary: try GGUFVocabulary(
        model.pieces.map(\.text), types: types, rows: 32000, file: "m.gguf"))
    pieces.scores = model.pieces.map(\.score)
    let tokenizer = try pieces.merging()
    let library = try ModelTokenizer.open(file, vocabulary: 32000)
    for (place, text) in golden.strings.enumerated() {
      let encoding = try tokenizer.encodeWithOffsets(text)
      #expect(encoding.ids == golden.ids[place], "string \(place), \(quoted(text))")
      #expect(tokenizer.decode(encoding.ids).utf8.elementsEqual(text.utf8), "\(quoted(text))")
      #expect(encoding == (try library.encodeWithOffsets(text)), "\(quoted(text))")
    }
  }

  /// The compiled table of characters and the scores are what a GGUF conversion holds.
  @Test func `unigram pieces made from the values of a GGUF file give the ids of SentencePiece`()
    throws
  {
    let golden = try Golden("unigram_1000")
    let file = try #require(golden.file)
    let model = try SentencePieceModel(
      BoundedFile(file, kind: .model).readAll(limit: 1 << 24), file: file, rows: nil)
    let types = model.pieces.map { $0.kind == .control ? 6 : Int($0.kind.rawValue) }
    let vocabulary = try GGUFVocabulary(
      model.pieces.map(\.text), types: types.map { $0 == 2 ? 2 : $0 }, rows: nil, file: "m.gguf")
    var pieces = GGUFPieces(vocabulary: vocabulary)
    pieces.scores = model.pieces.map(\.score)
    pieces.removesBlanks = true
    pieces.charsMap = try CharsMap(model.charsMap) { found in
      Refusal(.model, found: found, expected: "a table")
    }
    let tokenizer = try pieces.unigram()
    for (place, text) in golden.strings.enumerated() where !text.contains("<unk>") {
      #expect(try tokenizer.encode(text) == golden.ids[place], "string \(place), \(quoted(text))")
    }
  }
}
