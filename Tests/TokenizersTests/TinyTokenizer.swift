import Foundation
import Inputs
import Tokenizers

/// A `tokenizer.json` written by the tests: the 256 bytes, a few merges, and what a test changes.
struct TinyTokenizer {
  /// Merges in order; each makes a token, numbered from 256 on.
  var merges = ["Ġ t", "h e", "Ġt he", "i n", "a b", "ab c", "1 2", "12 3", "Ġ Ġ"]
  var mergesArePairs = false
  /// JSON of the fields, by their names; a test sets what it is about.
  var fields = [
    "version": "\"1.0\"", "truncation": "null", "padding": "null", "added_tokens": "[]",
    "normalizer": "null",
    "pre_tokenizer":
      #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#,
    "post_processor": "null", "decoder": #"{"type": "ByteLevel"}"#,
  ]
  /// JSON of further fields of the model.
  var model = ["type": "\"BPE\""]

  static let alphabet: [String] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      let isPrintable = (0x21...0x7E).contains(byte) || byte > 0xA0 && byte != 0xAD
      let value = isPrintable ? byte : next
      if !isPrintable { next += 1 }
      return Unicode.Scalar(value).map { String($0) } ?? ""
    }
  }()

  var tokens: [String] {
    Self.alphabet + merges.map { $0.split(separator: " ").joined() }
  }

  static func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
    return result + "\""
  }

  var json: String {
    let vocab = tokens.enumerated().map { "\(Self.literal($1)): \($0)" }
    let pairs = merges.map { merge in
      guard mergesArePairs else { return Self.literal(merge) }
      return "["
        + merge.split(separator: " ").map { Self.literal(String($0)) }.joined(separator: ", ")
        + "]"
    }
    var model = model
    if model["vocab"] == nil { model["vocab"] = "{\(vocab.joined(separator: ", "))}" }
    if model["merges"] == nil { model["merges"] = "[\(pairs.joined(separator: ", "))]" }
    var fields = fields
    fields["model"] = Self.object(model)
    return Self.object(fields)
  }

  private static func object(_ members: [String: String]) -> String {
    "{" + members.map { "\(literal($0)): \($1)" }.joined(separator: ",\n") + "}"
  }

  /// Writes the file, reads it, and takes it away again.
  func load(vocabularySize: Int? = nil) throws -> TokenizerPipeline {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("tokenizer.json")
    try Data(json.utf8).write(to: file)
    return try TokenizerPipeline(tokenizerFile: file.path, vocabularySize: vocabularySize)
  }

  /// The description of the refusal that loading meets, or nil.
  func refusal(vocabularySize: Int? = nil) throws -> String? {
    do {
      _ = try load(vocabularySize: vocabularySize)
      return nil
    } catch let refusal as Refusal {
      return refusal.kind == .model ? refusal.description : "of another kind: \(refusal)"
    }
  }
}
