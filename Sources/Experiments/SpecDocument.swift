internal import Checkpoints
internal import Foundation
package import Inputs
package import Interventions
internal import JobFiles
internal import Models
internal import Tokenizers

/// A specification of one intervened run, from JSON or TOML, with its prompts as text or tokens.
package enum SpecDocument {
  /// What stands for null in TOML, which has none: no source, no place, no subspaces.
  static let absent = "none"
  /// The fields in which it does.
  static let withAbsences = ["sources", "unit_locations", "subspaces", "source_representations"]

  /// - Parameter path: A `.toml` file; anything else is read as JSON.
  package static func read(_ path: String) throws(Refusal) -> JSONField {
    guard path.lowercased().hasSuffix(".toml") else { return try JSONField.load(path, kind: .job) }
    let document = try JobDocument(reading: path)
    return JSONField(document.root.json.withAbsences(), file: path, kind: .job)
  }

  /// Prepares a specification's run: prompts are turned into tokens by the model's own tokenizer.
  ///
  /// - Parameter saveTo: A folder for the interventions as they are after the run.
  package static func run(
    _ path: String, models: String?, isNaive: Bool, saveTo: String? = nil,
    microbatches: Microbatches? = nil
  ) throws(Refusal) -> SpecRun {
    let document = try read(path)
    try ComputeRoom.take(threads: 1)
    var options = SpecRun.Options(models: models, isNaive: isNaive, saveTo: saveTo)
    options.microbatches = microbatches
    let model = try document["model"].string()
    let folder = models.map { URL(fileURLWithPath: $0).appendingPathComponent(model).path }
    let place = folder.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil } ?? model
    let addsSpecialTokens = try document.optional("special_tokens")?.bool() ?? true
    options.tokenize = { (text) throws(Refusal) in
      let opened = try OpenedModel(place)
      let tokenizer = try ModelTokenizer.open(
        nil, beside: opened.checkpoint, vocabulary: Int(Int32.max))
      guard let tokenizer else {
        throw Refusal(
          .model, file: place, found: "no tokenizer.json for prompts given as text",
          expected: "one, or input_ids in the specification")
      }
      return try tokenizer.encode(text, addingSpecialTokens: addsSpecialTokens)
    }
    if let dumps = try document.optional("dumps") {
      options.tensors = try DumpTensors.read(dumps, model: place)
    }
    return try SpecRun(document, options: options)
  }
}

extension JSON {
  /// The value with `null` where the text `"none"` says that something is left out.
  ///
  /// - Parameter isField: Whether it is in one of the fields where that text means it; the inputs of
  ///   a source, which is an object in a list, are not.
  func withAbsences(in isField: Bool = false) -> JSON {
    switch self {
    case .string(SpecDocument.absent) where isField: return .null
    case .array(let items):
      return .array(
        items.map { item in
          if case .object = item { return item.withAbsences() }
          return item.withAbsences(in: isField)
        })
    case .object(let object):
      return .object(
        object.members.reduce(into: JSONObject()) { result, member in
          let isOne = isField || SpecDocument.withAbsences.contains(member.key)
          _ = result.insert(member.value.withAbsences(in: isOne), forKey: member.key)
        })
    default: return self
    }
  }
}
