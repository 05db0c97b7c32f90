internal import Autodiff
internal import Checkpoints
internal import Foundation
public import Inputs
internal import Models
package import Tensors

/// Runs a specification: one intervened forward pass, gradient, training or generation.
///
/// The specification is JSON; the tensors that it names lie beside it in the safetensors file of its
/// own name, as `in.NAME`. Outputs are those that its `expected` lists, or all that the kind gives.
/// Everything is checked against the model before the first product.
public struct SpecRun {
  /// How a specification is run, apart from what it says itself.
  public struct Options: Sendable {
    /// The folder in which a `model` is a name.
    public var models: String?
    /// Whether nothing is shared with unchanged runs.
    public var isNaive = false
    /// A folder to write the interventions to, as they are after the run.
    public var saveTo: String?
    /// How the batches of gradients and training are cut; nil: each is one.
    public var microbatches: Microbatches?
    /// What turns `prompts` into tokens.
    public var tokenize: (@Sendable (String) throws(Refusal) -> [Int])?
    /// Tensors that the specification names and its tensor file does not hold.
    package var tensors: [String: Tensor<Float>] = [:]
    /// Whether the unchanged run is wanted even where `expected` leaves its outputs out.
    var wantsOriginal = false
    /// Whether everything is read and checked, and nothing run: the model is then without weights.
    package var onlyReads = false

    /// How a run is made unless said otherwise.
    public init(models: String? = nil, isNaive: Bool = false, saveTo: String? = nil) {
      self.models = models
      self.isNaive = isNaive
      self.saveTo = saveTo
    }
  }

  let spec: InterventionSpec
  let model: any TrainableModel<Float>
  let kind: OpenedModel.Kind
  /// The width of the model's logits.
  let classCount: Int
  let setup: SpecSetup
  let tensors: SpecTensors?
  var options: Options

  /// Reads a specification and everything that it names.
  ///
  /// - Parameter path: A JSON file.
  public init(_ path: String, options: Options = Options()) throws(Refusal) {
    try self.init(JSONField.load(path, kind: .job), options: options)
  }

  /// - Parameter document: The specification, from whatever text; its `file` says where tensors and
  ///   folders that it names lie.
  public init(_ document: JSONField, options: Options = Options()) throws(Refusal) {
    spec = try InterventionSpec(document)
    self.options = options
    let tensorFile = Self.tensorFile(of: document.file)
    let hasFile = FileManager.default.fileExists(atPath: tensorFile)
    tensors =
      hasFile || !options.tensors.isEmpty
      ? try SpecTensors(hasFile ? tensorFile : nil, made: options.tensors) : nil
    let opened = try OpenedModel(Self.modelPath(spec, options))
    kind = opened.kind
    classCount = opened.classCount
    let model = try options.onlyReads ? opened.outline() : opened.load()
    guard let saved = try document.optional("saved_directory") else {
      if let given = try document.optional("include_model") {
        throw given.refusal("include_model", expected: "a saved_directory to take weights from")
      }
      self.model = model
      setup = try SpecSetup(spec.representations, mode: spec.mode, in: model, tensors: tensors)
      if options.saveTo != nil { _ = try setup.folder() }
      return
    }
    let folder = URL(fileURLWithPath: document.file).deletingLastPathComponent()
      .appendingPathComponent(try saved.string()).path
    let takesWeights = try document.optional("include_model")?.bool() ?? false
    self.model =
      takesWeights && !options.onlyReads ? try Self.model(model, withWeightsOf: folder) : model
    let loaded = try SavedInterventions(folder)
    if !spec.representations.isEmpty,
      spec.representations.count != loaded.representations.count
    {
      throw saved.refusal(
        "a folder of \(loaded.representations.count) interventions",
        expected: "\(spec.representations.count), as representations lists")
    }
    setup = try SpecSetup(
      loaded.representations, mode: loaded.mode, in: model, tensors: tensors,
      saved: loaded.states)
  }

  /// Runs a specification and writes its outputs as the tensors `out.NAME` of one safetensors file.
  public static func run(
    _ path: String, output: String, options: Options = Options()
  ) throws(Refusal) {
    try SpecRun(path, options: options)().write(to: output)
  }

  /// A model with the weights that were saved beside interventions in place of its own.
  private static func model<M: TrainableModel<Float>>(
    _ model: M, withWeightsOf folder: String
  ) throws(Refusal) -> any TrainableModel<Float> {
    model.with(try PyveneFolder.read(folder, over: model.weights), on: Tape())
  }

  private static func tensorFile(of path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().appendingPathExtension("safetensors").path
  }

  private static func modelPath(_ spec: InterventionSpec, _ options: Options) -> String {
    guard let models = options.models else { return spec.model }
    let named = URL(fileURLWithPath: models).appendingPathComponent(spec.model).path
    return FileManager.default.fileExists(atPath: named) ? named : spec.model
  }

  var inputs: SpecInputs {
    SpecInputs(tensors: tensors, limits: model.inputLimits, tokenize: options.tokenize)
  }

  func call(
    _ place: JSONField, of setup: SpecSetup? = nil
  ) throws(Refusal) -> InterventionCall<Float> {
    let reading = SpecCall(
      document: spec.document, setup: setup ?? self.setup, inputs: inputs, tensors: tensors)
    let call = try reading(place)
    try check(call, setup ?? self.setup, lengths: call.base.extents)
    return call
  }

  func check(
    _ call: InterventionCall<Float>, _ setup: SpecSetup, lengths: InputLengths
  ) throws(Refusal) {
    do {
      try CallCheck(setup: setup.setup, call: call, baseLengths: lengths)()
    } catch {
      throw Refusal(
        spec.document.kind, file: spec.document.file, field: error.field, found: error.found,
        expected: error.expected)
    }
  }

  /// The names of outputs that the kind can give; of collected values and generation, beginnings.
  private var possibleOutputs: [String] {
    let collected = setup.setup.entries.indices.contains {
      setup.setup.intervention(of: $0).isCollecting
    }
    let values = collected ? ["collected."] : []
    let trained = TrainedParameter.all(in: setup).map(\.path)
    let lengths = SpecOutputs.lengthsName
    switch spec.kind {
    case .forward, .saveLoad, .gruTime, .attentionWeight:
      return ["original.logits", "intervened.logits", "latent.", lengths] + values
    case .generate:
      return ["original.ids", "intervened.ids", "intervened.logits", lengths] + values
    case .gradient:
      let names = spec.target == .model ? model.weights.parameters.map(\.name) : trained
      return ["intervened.logits", "intervened.ids", "loss", lengths] + names.map { "grad.\($0)" }
    case .train: return ["losses", "final.", "eval.loss", "eval.accuracy"]
    }
  }

  /// Refuses outputs that the kind never gives, before anything runs.
  private func checkExpected() throws(Refusal) {
    guard let expected = spec.expected else { return }
    let possible = possibleOutputs
    for name in expected
    where !possible.contains(where: { $0.hasSuffix(".") ? name.hasPrefix($0) : name == $0 }) {
      let near = nearest(to: name, among: possible).map { "\($0) (did you mean that?)" }
      throw try spec.document["expected"].refusal(
        "the output \(quoted(name)), which this run does not give",
        expected: near ?? "one of \(possible.joined(separator: ", "))")
    }
  }

  /// Runs it.
  public func callAsFunction() throws(Refusal) -> SpecOutputs {
    try all().only(spec.expected, in: spec.document)
  }

  /// Runs it, with all outputs that its kind gives.
  func all() throws(Refusal) -> SpecOutputs {
    try checkExpected()
    let outputs =
      switch spec.kind {
      case .forward, .saveLoad, .gruTime, .attentionWeight: try forward()
      case .gradient: try gradient()
      case .train: try train()
      case .generate: try generate()
      }
    if options.onlyReads { return outputs }
    if spec.kind != .train, let folder = options.saveTo { try setup.folder().write(to: folder) }
    return outputs
  }

  func wants(_ name: String) -> Bool {
    options.wantsOriginal || (spec.expected?.contains(name) ?? true)
  }

  /// How many rows or ids each example has, where they differ or are asked for.
  func addLengths(_ lengths: [Int], to outputs: inout SpecOutputs) {
    outputs.add(
      lengths: lengths, evenIfEqual: spec.expected?.contains(SpecOutputs.lengthsName) ?? false)
  }

  private func forward() throws(Refusal) -> SpecOutputs {
    let call = try call(spec.document)
    var outputs = SpecOutputs()
    outputs.seen.calls = [call]
    if options.onlyReads { return outputs }
    let run = InterventionRun(model, setup.setup, isNaive: options.isNaive)
    let result = run(call, on: Tape(), wantsOriginal: wants("original.logits"))
    outputs.seen.logits = (result.original?.value, result.logits.value)
    if let original = result.original {
      outputs.add(
        "original.logits", try shaped(original.value, rows(call.base), of: spec.document["base"]))
    }
    outputs.add(
      "intervened.logits",
      try shaped(result.logits.value, rows(call.base), of: spec.document["base"]))
    addLengths(rows(call.base), to: &outputs)
    for (index, value) in result.collected.enumerated() {
      outputs.add("collected.\(index)", value.value)
    }
    for (entry, value) in result.latents.sorted(by: { $0.key < $1.key }) {
      outputs.add("latent.\(entry)", value.value)
    }
    return outputs
  }

  /// How many rows of logits each example has.
  func rows(_ inputs: ModelInputs<Float>) -> [Int] {
    inputs.extents[model.extent(of: .logits, layer: 0)]
  }

  /// Logits as `[examples, positions, vocabulary]` where every example is as long or was given with
  /// a mask, as `[rows, vocabulary]` where they are not, and as `[examples, classes]` of a classifier.
  ///
  /// - Parameters:
  ///   - lengths: Of the examples, without what a mask leaves out.
  ///   - base: What was run; positions that its mask leaves out have zeros.
  func shaped(
    _ logits: Tensor<Float>, _ lengths: [Int], of base: JSONField
  ) throws(Refusal) -> Tensor<Float> {
    if kind != .classifier, let padded = try inputs.paddedLength(base) {
      var start = 0
      let rows = lengths.flatMap { length in
        defer { start += length }
        return (start..<start + length).map { $0 + 1 }
          + Array(repeating: 0, count: padded - length)
      }
      let zero = Tensor<Float>(zeros: [1, logits.width])
      return Tensor.concatenated([zero, logits]).gathered(rows)
        .reshaped([lengths.count, padded, logits.width])
    }
    guard kind != .classifier, let length = lengths.first, lengths.allSatisfy({ $0 == length })
    else { return logits }
    return logits.reshaped([lengths.count, length, logits.width])
  }
}
