import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Tokenizers

/// Files that are damaged, or made to mislead: refused or read, never a crash.
struct HostileTokenizerTests {
  static func open(_ bytes: [UInt8], _ name: String) throws -> any Tokenizer {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return try ModelTokenizer.open(file.path, vocabulary: 1 << 16)
  }

  @Test(arguments: [
    ("sp-bpe", "tokenizer.model"), ("sp-unigram", "tokenizer.model"),
    ("sp-user", "tokenizer.model"),
    ("tiktoken", "tiny.tiktoken"), ("gguf-t5", "tokenizer.gguf"), ("gguf-llama", "tokenizer.gguf"),
  ])
  func `a file with changed bytes or an early end is refused or read`(
    name: String, file: String
  ) throws {
    let path = try TinyTokenizerTests.folder(name).appendingPathComponent(file)
    let whole = try Array(Data(contentsOf: path))
    var random = SeededRandom(seed: 5)
    var refused = 0
    for number in 0..<120 {
      var bytes = whole
      if number % 3 == 0 {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      } else {
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          bytes[place] = UInt8.random(in: 0...255, using: &random)
        }
      }
      do {
        let tokenizer = try Self.open(bytes, file)
        let text = "the \u{1F642} ships\u{301} \u{4E2D}"
        let encoding = try tokenizer.encodeWithOffsets(text, addingSpecialTokens: true)
        #expect(encoding.utf8Spans.allSatisfy { $0.upperBound <= text.utf8.count })
        _ = tokenizer.decode(encoding.ids)
      } catch let refusal as Refusal {
        refused += 1
        #expect(refusal.description.contains(file))
      }
    }
    #expect(refused > 20)
  }

  /// A model of pieces, each a message of its own.
  static func model(
    _ pieces: [(text: String, score: Float, kind: UInt64)], trainer: [UInt8] = [],
    charsMap: [UInt8]? = nil
  ) -> [UInt8] {
    var model = ProtocolBufferWriter()
    for (text, score, kind) in pieces {
      var piece = ProtocolBufferWriter()
      piece.append(1, bytes: Array(text.utf8))
      piece.append(2, float: score)
      piece.append(3, varint: kind)
      model.append(1, bytes: piece.bytes)
    }
    model.append(2, bytes: trainer)
    if let charsMap {
      var spec = ProtocolBufferWriter()
      spec.append(2, bytes: charsMap)
      model.append(3, bytes: spec.bytes)
    }
    return model.bytes
  }

  @Test(arguments: [
    (model([]), "pieces"), (model([("a", 0, 1)]), "0 unknown pieces"),
    (model([("<unk>", 0, 2), ("a", 0, 1), ("a", 0, 1)]), "pieces[2]"),
    (model([("<unk>", 0, 2), ("", 0, 1)]), "0 bytes"),
    (model([("<unk>", 0, 2), ("a", .nan, 1)]), "nan"),
    (model([("<unk>", 0, 2), ("a", 1e30, 1)]), "1e+30"),
    (model([("<unk>", 0, 2), ("a", 0, 9)]), "type 9"),
    (model([("<unk>", 0, 2), ("a", 0, 6)]), "the byte"),
    (model([("<unk>", 0, 2), ("a", 0, 1)], trainer: [0x18, 7]), "model type 7"),
    (model([("<unk>", 0, 2), ("a", 0, 1)], charsMap: [0, 4, 0, 0, 1]), "1024"),
    (
      model([("<unk>", 0, 2), ("a", 0, 1)], charsMap: [4, 0, 0, 0, 0, 0xFC, 0xFF, 0xFF, 0]),
      "precompiled_charsmap"
    ),
    ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "field 1"), ([0x0B], "wire type 3"), ([0xFF], "byte 0"),
  ])
  func `a SentencePiece model that does not fit itself is refused by field`(
    bytes: [UInt8], term: String
  ) throws {
    let refusal = #expect(throws: Refusal.self) { try Self.open(bytes, "tokenizer.model") }
    #expect(refusal?.kind == .model)
    #expect(refusal?.description.contains(term) == true, "\(refusal?.description ?? "")")
  }

  @Test func `words of many equal pieces take no quadratic time`() throws {
    let pieces = (1...64).map { (String(repeating: "a", count: $0), Float(-$0), UInt64(1)) }
    for trainer: [UInt8] in [[0x18, 1], [0x18, 2]] {
      let tokenizer = try Self.open(
        Self.model([("<unk>", 0, 2)] + pieces, trainer: trainer), "tokenizer.model")
      var count = 0
      let seconds = try processorSeconds {
        count = try tokenizer.encode(String(repeating: "a", count: 20_000)).count
      }
      #expect(count > 300)
      #expect(seconds < 20, "unoptimised")
    }
  }

  @Test(arguments: [
    ([], "0 bytes"), ([0, 0, 0, 0], "byte 0"), ([8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0], "byte 4"),
    ([8, 0, 0, 0, 0, 0, 0xC0, 0x7F, 0, 0, 0, 0], "nan"), ([8, 0, 0, 0], "0 tokens"),
  ])
  func `a damaged tokenizer of llama2 in C is refused by byte`(bytes: [UInt8], term: String) throws
  {
    let refusal = #expect(throws: Refusal.self) { try Self.open(bytes, "tokenizer.bin") }
    #expect(refusal?.description.contains(term) == true, "\(refusal?.description ?? "")")
  }
}
