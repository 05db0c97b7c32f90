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
    if let grid = try field.optional("grid") {
      throw grid.refusal(
        "a grid, which makes the specification a job", expected: "none, or causeway run FILE")
    }
    guard case .object(let object) = field.value, case .object? = object["model"],
      object["representations"] == nil, case .string(let kind)? = object["kind"]
    else { return }
    throw field.refusal(
      "a job of the kind \(quoted(kind))",
      expected: "a specification, whose model is a path; causeway run runs jobs")
  }

  /// Whether a file holds a specification, and not a job: by its kind, and where the two have a kind of
  /// one name by its model, which a specification names and a job describes. False of what is neither.
  package static func isSpecification(_ path: String) -> Bool {
    guard let document = try? read(path) else { return false }
    return isSpecification(document.value)
  }

  static func isSpecification(_ document: JSON) -> Bool {
    guard case .object(let object) = document, object["grid"] == nil else { return false }
    guard case .string(let kind)? = object["kind"] else {
      return object["kind"] == nil
        && SpecRun.interventionFields.contains { object[$0] != nil }
    }
    guard JobKind(rawValue: kind) != nil else { return SpecRun.kinds.contains(kind) }
    if case .string? = object["model"] { return SpecRun.kinds.contains(kind) }
    return false
  }
}

/// A specification that was read against its model, with the words for what comes out of it.
package struct OpenedSpec {
  package let run: SpecRun
  let words: SpecWords
  let model: OpenedModel

  /// Prepares a specification's run: prompts are turned into tokens by the model's own tokenizer.
  ///
  /// - Parameters:
  ///   - saveTo: A folder for the interventions as they are after the run.
  ///   - outputs: The files that results go to, and whether what is there may be replaced, which an
  ///     input never is.
  ///   - onlyReads: Whether it is not to be run, and no weights are read.
  package init(
    _ path: String, models: String?, isNaive: Bool = false, saveTo: String? = nil,
    outputs: (files: [String], force: Bool)? = nil, microbatches: Microbatches? = nil,
    onlyReads: Bool = false
  ) throws(Refusal) {
    let document = try SpecDocument.read(path)
    if !onlyReads { try ComputeRoom.take(threads: 1) }
    var options = SpecRun.Options(models: models, isNaive: isNaive, saveTo: saveTo)
    options.microbatches = microbatches
    (options.onlyReads, options.outputs) = (onlyReads, outputs)
    let tokenizer = LazyTokenizer()
    options.texts = { (model) throws(Refusal) in try tokenizer.texts(of: model) }
    options.dumps = { (field, model) throws(Refusal) in
      try DumpTensors.read(field, model: model)
    }
    options.dump = DumpTensors.reading()
    run = try SpecRun(document, options: options)
    model = run.opened
    words = SpecWords(run.meaning, tokenizer, model.checkpoint)
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
