internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Prompts

/// A specification with a grid: a job of the kind `intervene`, each cell of which is the specification
/// with other values in some of its fields.
struct InterveneSpec: JobSpecification {
  static let jobKind = JobKind.intervene

  let form: SpecKind
  let model: ModelSection
  let axes: [GridAxis]
  /// Nil where no logits are read.
  let metrics: GridMetrics?
  /// The file of the specification's tensors.
  let tensors: JobPath?
  let common: CommonSections
  /// Whether the specification says anything of special tokens.
  private let saysSpecial: Bool
  /// The specification's own fields, as they are written.
  private let specification: JobTable

  /// Fields that are the same in all cells.
  private static let fixed = [
    "kind", "model", "special_tokens", "saved_directory", "config", "dumps",
  ]

  init(_ f: inout Fields) throws(Refusal) {
    form = try f.field(
      "kind", .specKind, or: .forward,
      "What each cell is: a forward pass, a generation, a gradient or a training.")
    let name = try f.optional("name", .name, "What the job is called; changes nothing.")
    let path = try f.required(
      "model", .path("the model's folder or .gguf file"),
      "A folder as Hugging Face lays it out, a .gguf file, or the name of a model in its cache.")
    let special = try f.field(
      "special_tokens", .flag, or: true, isImplied: true,
      "Whether texts get the tokens that the tokenizer puts around them.")
    saysSpecial = f.has("special_tokens")
    model = ModelSection(
      path: path, tokenizer: nil, specialTokens: special, digest: nil)
    axes = try f.required(
      "grid", .grid,
      "The axes. A field's path with the list of its values, or \"all\" layers, or a range; a name "
        + "where a list stands is that field of each of its items. [grid.NAME] with fields, values "
        + "and labels gives several fields each value together.")
    if !form.isForward, !f.isManual, f.has("metric") {
      throw f.place(of: "metric").refusal(
        "what is read off logits", expected: "none: only forward passes have it")
    }
    if f.has("outputs") {
      throw f.place(of: "outputs").refusal(
        "names of tensors", expected: "none: [metric] store says what a grid keeps")
    }
    metrics =
      form.isForward || f.isManual
      ? try f.section(
        "metric", "What is read off the logits of a forward pass.", GridMetrics.init) : nil
    let own = SpecRun.tensorFile(beside: f.place.file).map {
      URL(fileURLWithPath: $0).lastPathComponent
    }
    tensors = try f.optional(
      "tensor_file", .path, orWritten: own.map { .text($0) },
      usually: "the .safetensors file of the job's own name, if there is one",
      "Where the tensors are that the specification names: in.NAME.")
    var specification = JobTable()
    let fields = try SpecRun.fields().filter {
      !["kind", "model", "special_tokens", "outputs"].contains($0.name)
    }
    for field in fields {
      let value = try f.optional(field.name, .any("as in a specification"), field.says)
      if let value { specification[field.name] = value }
    }
    self.specification = specification
    for axis in axes {
      for field in axis.fields
      where !fields.contains(where: { $0.name == field.root }) || Self.fixed.contains(field.root) {
        throw axis.place.refusal(
          "the field \(quoted(field.text)) on the grid",
          expected: "a field of the specification other than \(Self.fixed.joined(separator: ", "))")
      }
    }
    common = try f.common(name: name, rounds: true, hasNaive: true, apartFrom: model)
  }

  var modelName: String { model.path.written }

  /// A cell's specification, with paths that start from where the job's do.
  ///
  /// - Parameter values: One for each axis.
  func document(_ values: [JobValue]) throws(Refusal) -> JSONField {
    var table = specification
    table["kind"] = .text(form.rawValue)
    table["model"] = .text(model.path.resolved)
    if saysSpecial { table["special_tokens"] = .flag(model.specialTokens) }
    var root = JobValue(.table(table))
    for (axis, value) in zip(axes, values) {
      for field in axis.fields {
        root = try field.put(value, into: root, at: JobPlace(file: file), inEach: true)
      }
    }
    let name = URL(fileURLWithPath: file).lastPathComponent
    return JSONField(
      root.json.withAbsences(),
      file: URL(fileURLWithPath: folder).appendingPathComponent(name).path,
      kind: .job)
  }
}
