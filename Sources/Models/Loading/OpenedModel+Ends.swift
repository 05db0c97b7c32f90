internal import Checkpoints
internal import Foundation
public import Inputs

extension OpenedModel {
  /// The tokens that end a text that the model writes: of a folder those of `generation_config.json`, or
  /// else of `config.json`; of a GGUF file its end of text and end of turn. Empty where none is named.
  public func endTokens() throws(Refusal) -> [Int] {
    switch checkpoint.config {
    case .gguf(let metadata):
      var tokens: [Int] = []
      for key in ["eos_token_id", "eot_token_id"] {
        guard let field = metadata.optional("tokenizer.ggml.\(key)") else { continue }
        tokens.append(try field.int())
      }
      return tokens
    case .huggingFace(let config):
      let path = "\(checkpoint.path)/generation_config.json"
      if FileManager.default.fileExists(atPath: path) {
        let own = try JSONField.load(path, kind: .model, limit: 1 << 20)
        if let field = try own.optional("eos_token_id") { return try Self.tokens(field) }
      }
      return try config.optional("eos_token_id").map(Self.tokens) ?? []
    }
  }

  private static func tokens(_ field: JSONField) throws(Refusal) -> [Int] {
    guard case .array = field.value else { return [try field.int()] }
    var tokens: [Int] = []
    for item in try field.items() { tokens.append(try item.int()) }
    return tokens
  }
}
