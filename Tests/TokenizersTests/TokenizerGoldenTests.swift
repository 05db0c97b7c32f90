import Foundation
import Inputs
import Testing
import Tokenizers
import _TestSupport

/// Ids and texts recorded from the published library, for strings chosen to be awkward.
@Suite(.enabled(if: SharedMaterial.isPresent))
struct TokenizerGoldenTests {
  struct Golden {
    let strings: [String]
    let ids: [[Int]]
    let decoded: [Int: String]
    let offsets: [[Range<Int>]]

    init(_ name: String) throws {
      let folder = try #require(SharedMaterial.root).appendingPathComponent("goldens/tokenizers")
      func load(_ file: String) throws -> JSONField {
        try JSONField.load(folder.appendingPathComponent(file).path, kind: .model)
      }
      strings = try load("strings.json").items().map { try $0.string() }
      let golden = try load("\(name).json")
      ids = try golden["ids"].items().map { try $0.items().map { try $0.int() } }
      offsets = try golden["offsets_first_60"].items().map {
        try $0.items().map {
          let ends = try $0.items().map { try $0.int() }
          return ends[0]..<ends[1]
        }
      }
      var decoded: [Int: String] = [:]
      for (key, field) in try golden["decoded_where_different"].members() {
        decoded[try #require(Int(key))] = try field.string()
      }
      self.decoded = decoded
    }

    static func file(of name: String) throws -> String {
      try #require(SharedMaterial.root)
        .appendingPathComponent("goldens/tokenizers/\(name).tokenizer.json").path
    }

    func expectEqual(_ tokenizer: some Tokenizer) throws {
      #expect(strings.count == 500)
      #expect(ids.count == 500)
      for (place, text) in strings.enumerated() {
        let found = try tokenizer.encode(text)
        #expect(found == ids[place], "string \(place), \(quoted(text))")
        let back = tokenizer.decode(ids[place])
        let expected = decoded[place] ?? text
        #expect(back.utf8.elementsEqual(expected.utf8), "decoding \(place), \(quoted(text))")
      }
    }
  }

  /// The file of gpt_neox asks for offsets without the spaces at the ends of a token.
  @Test(arguments: [("gpt2", false), ("gpt_neox", true), ("olmo2", false), ("smollm2", false)])
  func `a published tokenizer file gives the recorded ids, texts and offsets`(
    name: String, isTrimmed: Bool
  ) throws {
    let golden = try Golden(name)
    let tokenizer = try ByteLevelBPE(tokenizerFile: Golden.file(of: name))
    try golden.expectEqual(tokenizer)
    #expect(golden.offsets.count == 60)
    for (text, offsets) in zip(golden.strings, golden.offsets) {
      let scalars = Array(text.unicodeScalars)
      let spans = try tokenizer.encodeWithOffsets(text).characterSpans.map { span in
        guard isTrimmed else { return span }
        var (start, end) = (span.lowerBound, span.upperBound)
        while start < end, scalars[start] == " " { start += 1 }
        while start < end, scalars[end - 1] == " " { end -= 1 }
        return start..<end
      }
      #expect(spans == offsets, "\(quoted(text))")
    }
  }

  /// The metadata is what a GGUF conversion of the same tokenizer holds.
  @Test func `SmolLM2 made from the values of a GGUF file gives the recorded ids`() throws {
    let root = try JSONField.load(Golden.file(of: "smollm2"), kind: .model)
    let model = try root["model"]
    var tokens = [String](repeating: "", count: try model["vocab"].object().members.count)
    for (text, field) in try model["vocab"].members() { tokens[try field.int()] = text }
    var types = [Int](repeating: 1, count: tokens.count)
    for added in try root["added_tokens"].items() { types[try added["id"].int()] = 3 }
    let merges = try model["merges"].items().map {
      try $0.items().map { try $0.string() }.joined(separator: " ")
    }
    let tokenizer = try ByteLevelBPE(
      gguf: tokens, merges: merges, tokenTypes: types, pre: "smollm", vocabularySize: 49152)
    try Golden("smollm2").expectEqual(tokenizer)
  }
}
