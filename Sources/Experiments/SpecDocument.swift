internal import Checkpoints
internal import Foundation
package import Inputs
package import Interventions
internal import JobFiles
internal import Locks
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
    let field: JSONField
    if path.lowercased().hasSuffix(".toml") {
      let document = try JobDocument(reading: path)
      field = JSONField(document.root.json.withAbsences(), file: path, kind: .job)
    } else {
      field = try JSONField.load(path, kind: .job)
    }
    try refuseJob(field)
    return field
  }

  /// Refuses a job, which another command runs.
  private static func refuseJob(_ field: JSONField) throws(Refusal) {
    guard case .object(let object) = field.value, case .object? = object["model"],
      object["representations"] == nil, case .string(let kind)? = object["kind"]
    else { return }
    throw field.refusal(
      "a job of the kind \(quoted(kind))",
      expected: "a specification, whose model is a path; causeway run runs jobs")
  }

  /// Prepares a specification's run: prompts are turned into tokens by the model's own tokenizer.
  ///
  /// - Parameters:
  ///   - saveTo: A folder for the interventions as they are after the run.
  ///   - output: The file that the outputs go to.
  ///   - force: Whether what is there may be replaced; an input never is.
  package static func run(
    _ path: String, models: String?, isNaive: Bool, saveTo: String? = nil, output: String? = nil,
    force: Bool = false, microbatches: Microbatches? = nil
  ) throws(Refusal) -> SpecRun {
    let document = try read(path)
    try ComputeRoom.take(threads: 1)
    var options = SpecRun.Options(models: models, isNaive: isNaive, saveTo: saveTo)
    options.microbatches = microbatches
    let texts = Locked<SpecTexts?>(nil)
    options.texts = { (model) throws(Refusal) in
      if let kept = texts.withLock({ $0 }) { return kept }
      let opened = try self.texts(model)
      texts.withLock { $0 = opened }
      return opened
    }
    options.dumps = { (field, model) throws(Refusal) in
      try DumpTensors.read(field, model: model)
    }
    let run = try SpecRun(document, options: options)
    try run.refuseReplacing(output, force: force)
    return run
  }

  private static func texts(_ model: String) throws(Refusal) -> SpecTexts {
    let opened = try OpenedModel(model)
    let tokenizer = try ModelTokenizer.open(
      nil, beside: opened.checkpoint, vocabulary: Int(Int32.max))
    guard let tokenizer else {
      throw Refusal(
        .model, file: model, found: "no tokenizer.json for texts",
        expected: "one, or token ids in the specification")
    }
    return SpecTexts(
      encode: { (text, adds) throws(Refusal) in
        try tokenizer.encode(text, addingSpecialTokens: adds)
      }, decode: { tokenizer.decode($0) })
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
