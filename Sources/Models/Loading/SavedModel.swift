internal import Checkpoints
internal import Foundation
public import Inputs
public import Tensors

extension OpenedModel {
  /// Writes a folder that holds this model with other weights, as transformers would read it.
  ///
  /// The configuration is this model's, with the weights' type set to float32, and its tokenizer's
  /// files are copied. The weights come last and appear whole, so a folder that has them is complete.
  ///
  /// - Parameters:
  ///   - weights: The names and shapes of this model's.
  ///   - folder: Made if it is not there; what it holds of the same names is replaced.
  ///   - tokenizer: A `tokenizer.json`, or a folder with one; nil for the model's own.
  public func save(
    _ weights: NamedWeights<Float>, to folder: String, tokenizer: String? = nil
  ) throws(Refusal) {
    guard case .huggingFace(let config) = checkpoint.config else {
      throw Refusal(
        .commandLine, file: checkpoint.path, found: "a GGUF file, which has no config.json",
        expected: "a model opened from a Hugging Face folder")
    }
    try weights.save(
      beside: Self.ofFloat32(try config.object()),
      and: try Self.tokenizerFiles(of: tokenizer ?? checkpoint.path), to: folder)
  }

  /// The files by which transformers finds a model's tokenizer.
  private static let tokenizerNames = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja",
  ]

  /// Those of the tokenizer's files that there are, as (name, bytes).
  private static func tokenizerFiles(
    of path: String
  ) throws(Refusal) -> [(name: String, bytes: [UInt8])] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
    func bytes(_ path: String) throws(Refusal) -> [UInt8] {
      try BoundedFile(path, kind: .model).readAll(limit: 256 << 20)
    }
    guard isFolder.boolValue else { return [("tokenizer.json", try bytes(path))] }
    var files: [(name: String, bytes: [UInt8])] = []
    for name in tokenizerNames where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
      files.append((name, try bytes("\(path)/\(name)")))
    }
    return files
  }

  private static func ofFloat32(_ config: JSONObject) -> JSONObject {
    var changed = JSONObject()
    for (key, value) in config.members {
      let isType = key == "dtype" || key == "torch_dtype"
      // Keys of an object that was parsed are distinct, so every one of them goes in.
      _ = changed.insert(isType ? .string("float32") : value, forKey: key)
    }
    return changed
  }
}

extension NamedWeights<Float> {
  /// Writes a model's folder: the configuration, then the weights, which appear whole.
  func save(
    beside config: JSONObject, and files: [(name: String, bytes: [UInt8])] = [], to folder: String
  ) throws(Refusal) {
    let text = jsonText(.object(config)) + "\n"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(
        to: URL(fileURLWithPath: "\(folder)/config.json"), options: .atomic)
      for file in files {
        try Data(file.bytes).write(
          to: URL(fileURLWithPath: "\(folder)/\(file.name)"), options: .atomic)
      }
    } catch {
      throw Refusal(
        .store, file: folder, found: escaped(error.localizedDescription),
        expected: "a folder to write the model to")
    }
    try write(to: "\(folder)/model.safetensors")
  }
}

/// A value as JSON text, indented by one space a level. Depth is bounded by the parser's limit.
private func jsonText(_ value: JSON, indent: String = "") -> String {
  let inner = indent + " "
  func block(_ open: String, _ lines: [String], _ close: String) -> String {
    lines.isEmpty
      ? open + close
      : "\(open)\n\(inner)\(lines.joined(separator: ",\n\(inner)"))\n\(indent)\(close)"
  }
  return switch value {
  case .null: "null"
  case .bool(let flag): "\(flag)"
  case .number(let number): number.text
  case .string(let text): jsonString(text)
  case .array(let items): block("[", items.map { jsonText($0, indent: inner) }, "]")
  case .object(let object):
    block(
      "{", object.members.map { "\(jsonString($0.key)): \(jsonText($0.value, indent: inner))" },
      "}")
  }
}

private func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\0"..<" ":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
