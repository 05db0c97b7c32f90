internal import Autodiff
internal import Checkpoints
internal import Foundation
public import Inputs
internal import JobFiles
package import Models
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
    /// The tokenizer of a model, for texts that a specification holds.
    public var texts: (@Sendable (_ model: String) throws(Refusal) -> SpecTexts)?
    /// The file of the specification's tensors; nil: that of its own name, if there is one.
    package var tensorFile: String?
    /// What reads `dumps`: tensors by name, for the model in whose activations they must be.
    package var dumps:
      (
        @Sendable (_ field: JSONField, _ model: String) throws(Refusal) -> [String: Tensor<Float>]
      )?
    /// A statistic of a dump that an object describes.
    package typealias DumpReading =
      @Sendable (_ field: JSONField, _ model: String, _ site: Site?, _ layer: Int?)
      throws(Refusal) -> Tensor<Float>
    /// What reads statistics of dumps that stand where a tensor is wanted; site and layer are those that
    /// the tensor is for.
    package var dump: DumpReading?
    /// Whether the unchanged run is wanted even where `outputs` leaves it out.
    var wantsOriginal = false
    /// Whether everything is read and checked, and nothing run: the model is then without weights.
    package var onlyReads = false
    /// The files that results go to, beside `saveTo`, and whether they may take the place of what is
    /// there, which of inputs they never may; nil: it is not looked for what is there.
    package var outputs: (files: [String], force: Bool)?
    /// Files of tensors that other runs have opened.
    package var openedFiles = OpenedTensorFiles()

    /// How a run is made unless said otherwise.
    public init(models: String? = nil, isNaive: Bool = false, saveTo: String? = nil) {
      self.models = models
      self.isNaive = isNaive
      self.saveTo = saveTo
    }
  }

  let spec: InterventionSpec
  let model: any TrainableModel<Float>
  package let opened: OpenedModel
  /// The width of the model's logits.
  let classCount: Int
  let setup: SpecSetup
  let tensors: SpecTensors
  var options: Options
  /// The model's folder or file.
  let modelPath: String
  /// Where what is refused was written.
  private let places: WrittenPlaces

  var kind: OpenedModel.Kind { opened.kind }

  /// Reads a specification and everything that it names.
  ///
  /// - Parameter path: A JSON file.
  public init(_ path: String, options: Options = Options()) throws(Refusal) {
    try self.init(JSONField.load(path, kind: .job), options: options)
  }

  /// - Parameter document: The specification, from whatever text; the paths in it, and its tensor file,
  ///   start from the folder of its `file`.
  public init(_ document: JSONField, options: Options = Options()) throws(Refusal) {
    var (whole, places) = (document, WrittenPlaces(file: document.file))
    var known: (opened: OpenedModel, outline: any TrainableModel<Float>)?
    if try LayerExpansion.isNeeded(in: document) {
      let written = try document["model"].string()
      let folder = URL(fileURLWithPath: document.file).deletingLastPathComponent()
      let path = JobPath(
        written: written, resolved: URL(fileURLWithPath: written, relativeTo: folder).path)
      let opened = try OpenedModel(Self.place(of: path, options))
      let outline = try opened.outline()
      (whole, places) = try LayerExpansion(model: outline)(document)
      known = (opened, outline)
    }
    do throws(Refusal) {
      let spec = try InterventionSpec(whole)
      try Self.check(options, spec)
      let opened =
        if let known { known.opened } else { try OpenedModel(Self.place(of: spec.model, options)) }
      let outline = if let known { known.outline } else { try opened.outline() }
      if let (files, force) = options.outputs {
        let layers = outline.sites.map(\.layers.upperBound).max() ?? 0
        try SpecFiles(document, spec, opened, layers: layers, tensorFile: options.tensorFile)
          .refuseReplacing(files, folder: options.saveTo, force: force)
      }
      try self.init(spec, options, opened, options.onlyReads ? outline : opened.load(), places)
    } catch {
      throw places(error)
    }
  }

  /// - Parameters:
  ///   - opened: The specification's model.
  ///   - model: Its weights, or its outline where nothing will be run.
  package init(
    _ document: JSONField, options: Options, on opened: OpenedModel,
    _ model: any TrainableModel<Float>
  ) throws(Refusal) {
    let (whole, places) =
      try LayerExpansion.isNeeded(in: document)
      ? LayerExpansion(model: model)(document) : (document, WrittenPlaces(file: document.file))
    do throws(Refusal) {
      try self.init(InterventionSpec(whole), options, opened, model, places)
    } catch {
      throw places(error)
    }
  }

  private init(
    _ spec: InterventionSpec, _ options: Options, _ opened: OpenedModel,
    _ model: any TrainableModel<Float>, _ places: WrittenPlaces
  ) throws(Refusal) {
    (self.spec, self.options, self.opened, self.places) = (spec, options, opened, places)
    modelPath = Self.place(of: spec.model, options)
    var made: [String: Tensor<Float>] = [:]
    if let dumps = spec.dumps {
      guard let read = options.dumps else {
        throw dumps.refusal("dumps", expected: "none: nothing reads them here")
      }
      made = try read(dumps, modelPath)
    }
    var dump: ((JSONField, SpecTensors.Use) throws(Refusal) -> Tensor<Float>)?
    if let read = options.dump {
      dump = { [modelPath] (field, use) throws(Refusal) in
        try read(field, modelPath, use.site, use.layer)
      }
    }
    tensors = try SpecTensors(
      beside: spec.place.file, or: options.tensorFile, made: made, files: options.openedFiles,
      dump: dump)
    classCount = opened.classCount
    guard let origin = spec.origin else {
      self.model = model
      setup = try SpecSetup(spec.representations, mode: spec.mode, in: model, tensors: tensors)
      if let folder = options.saveTo { try setup.checkSavable(folder) }
      return
    }
    let loaded: SavedInterventions
    switch origin {
    case .saved(let folder):
      self.model =
        spec.includesModel && !options.onlyReads
        ? try Self.model(model, withWeightsOf: folder.resolved) : model
      loaded = try SavedInterventions(folder.resolved)
      try loaded.check(against: spec.representations, folder)
    case .config(let path):
      self.model = model
      loaded = try SavedInterventions(config: path.resolved)
    }
    setup = try SpecSetup(
      loaded.representations, mode: loaded.mode, in: model, tensors: loaded.tensors ?? tensors,
      saved: loaded.states)
    try loaded.compare(with: spec.representations, setup, tensors)
    if let folder = options.saveTo { try setup.checkSavable(folder) }
  }

  /// Refuses what the kind has no use for.
  private static func check(
    _ options: Options, _ spec: InterventionSpec
  ) throws(Refusal) {
    let isTrained = spec.kind == .gradient || spec.kind == .train
    if options.microbatches != nil, let generate = spec.generate, isTrained {
      throw generate.place.refusal("microbatches of soft generation", expected: "whole batches")
    }
    if options.microbatches != nil, !isTrained {
      throw spec.place.refusal(
        "microbatches of a run of kind \(spec.kind.rawValue)",
        expected: "none: gradients and training alone are cut")
    }
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

  /// What lies under the folder of models, at the path from the specification, or in the cache.
  private static func place(of model: JobPath, _ options: Options) -> String {
    if let models = options.models {
      let named = URL(fileURLWithPath: models).appendingPathComponent(model.written).path
      if FileManager.default.fileExists(atPath: named) { return named }
    }
    return HubCache().place(of: model.written, at: model.resolved)
  }

  /// A field that the kind must have.
  func field<Value>(_ key: String, _ value: Value?) throws(Refusal) -> Value {
    guard let value else {
      throw spec.place.member(key).refusal("no such field", expected: "a value")
    }
    return value
  }

  var inputs: SpecInputs {
    SpecInputs(
      tensors: tensors, limits: model.inputLimits,
      tokenize: { (text) throws(Refusal) in
        try texts(for: "input_ids").encode(text, spec.addsSpecialTokens)
      }, allowsPaddingBefore: true)
  }

  /// The model's tokenizer.
  ///
  /// - Parameter other: What does without it.
  func texts(for other: String) throws(Refusal) -> SpecTexts {
    guard let texts = options.texts else {
      throw Refusal(
        .model, file: modelPath, found: "no tokenizer for texts",
        expected: "\(other) in their place")
    }
    return try texts(modelPath)
  }

  func call(
    _ place: CallFields, of setup: SpecSetup? = nil
  ) throws(Refusal) -> InterventionCall<Float> {
    let reading = SpecCall(
      document: spec.call, setup: setup ?? self.setup, inputs: inputs, tensors: tensors)
    let call = try reading(place)
    try check(call, setup ?? self.setup, lengths: call.base.extents)
    return call
  }

  func check(
    _ call: InterventionCall<Float>, _ setup: SpecSetup, lengths: InputLengths
  ) throws(Refusal) {
    do {
      try CallCheck(setup: setup.setup, call: call, baseLengths: lengths)()
    } catch { throw error.of(spec.place) }
  }

  /// Runs it.
  public func callAsFunction() throws(Refusal) -> SpecOutputs {
    try told { () throws(Refusal) in try all().only(spec.wanted) }
  }

  /// Does what may be refused, and names what is refused as it is written.
  func told<Value>(_ work: () throws(Refusal) -> Value) throws(Refusal) -> Value {
    do throws(Refusal) { return try work() } catch { throw places(error) }
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
    if spec.kind != .train, let folder = options.saveTo { try setup.save(to: folder) }
    return outputs
  }

  func wants(_ name: String) -> Bool {
    options.wantsOriginal || spec.wanted?.contains { (try? $0.string()) == name } ?? true
  }

  /// How many rows or ids each example has, where they differ or are asked for.
  func addLengths(_ lengths: [Int], to outputs: inout SpecOutputs) {
    outputs.add(
      lengths: lengths,
      evenIfEqual: spec.wanted != nil && wants(SpecOutputs.lengthsName))
  }

  private func forward() throws(Refusal) -> SpecOutputs {
    let call = try call(spec.call)
    var outputs = SpecOutputs()
    outputs.seen.calls = [call]
    if options.onlyReads { return outputs }
    let run = InterventionRun(model, setup.setup, isNaive: options.isNaive)
    let result = run(call, on: Tape(), wantsOriginal: wants("original.logits"))
    outputs.seen.logits = (result.original?.value, result.logits.value)
    if let original = result.original {
      outputs.add(
        "original.logits", try shaped(original.value, rows(call.base), of: spec.call.base))
    }
    outputs.add(
      "intervened.logits",
      try shaped(result.logits.value, rows(call.base), of: spec.call.base))
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
    _ logits: Tensor<Float>, _ lengths: [Int], of base: InputFields?
  ) throws(Refusal) -> Tensor<Float> {
    if kind != .classifier, let base, let padded = try inputs.paddedLength(base) {
      var start = 0
      let rows = zip(lengths, try inputs.paddingBefore(base)).flatMap { length, before in
        defer { start += length }
        return Array(repeating: 0, count: before) + (start..<start + length).map { $0 + 1 }
          + Array(repeating: 0, count: padded - before - length)
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
