import Autodiff
import Foundation
import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Models

/// Encoder-decoders and models of images.
struct StackModelTests {
  @Test(arguments: StackModel.all)
  func `a packed batch of unequal lengths equals its examples one by one, to the bit`(
    kind: StackModel
  ) throws {
    let model = try kind.model()
    let inputs: ModelInputs<Float> = kind.inputs()
    let whole = model.run(inputs, on: Tape(), visit: nil).value.elements
    let parts = inputs.lengths.indices.flatMap { example in
      model.run(inputs.examples([example]), on: Tape(), visit: nil).value.elements
    }
    #expect(whole == parts)
  }

  @Test(arguments: StackModel.all)
  func `a run comes by every site, and published paths lead back to it`(kind: StackModel) throws {
    let model = try kind.model()
    let shown = model.showing([.logits, .finalNormOutput, .decoderFinalNormOutput])
    var seen: Set<Site> = []
    _ = shown.run(kind.inputs(), on: Tape()) { here in
      let layers = model.sites.first { $0.site == here.site }?.layers
      #expect(layers?.contains(here.layer) ?? false, "\(here.site)")
      let rows = (0..<here.places.exampleCount).map { here.places.positions(of: $0).count }
      #expect(here.value.value.rows == rows.reduce(0, +), "\(here.site)")
      seen.insert(here.site)
      return here.value
    }
    #expect(Set(model.sites.map(\.site.unsplit)) == seen)
    for (site, layers) in model.sites {
      guard let path = model.modulePath(of: site, layer: layers.upperBound - 1) else { continue }
      let found = try #require(model.site(atModulePath: path), "\(path)")
      #expect(found == (site.unsplit, layers.upperBound - 1), "\(path)")
    }
  }

  @Test(arguments: StackModel.all)
  func `gradients of weights agree with central differences`(kind: StackModel) throws {
    let model = try Self.inDoubles(kind, layers: 1)
    let weights = model.weights
    func run<M: TrainableModel<Double>>(_ model: M, _ inputs: ModelInputs<Double>) {
      expectGradient(
        at: weights.all.map(\.value), tolerance: Tolerance(absolute: 1e-6, relative: 1e-5)
      ) { tape, leaves in
        let given = NamedWeights(zip(weights.names, leaves).map { ($0, $1) })
        return model.with(given, on: tape).run(inputs, on: tape, visit: nil)
      }
    }
    run(model, (kind.inputs() as ModelInputs<Double>).examples([1]))
  }

  @Test(arguments: StackModel.all)
  func `gradients of every site agree with central differences`(kind: StackModel) throws {
    let model = try Self.inDoubles(kind, layers: 2)
    let inputs = (kind.inputs() as ModelInputs<Double>).examples([0, 2])
    for (site, layers) in model.sites where site.unsplit == site && site != .logits {
      let layer = layers.upperBound - 1
      var shape: [Int] = []
      let shown = model.showing([site])
      _ = shown.run(inputs, on: Tape()) { here in
        if here.site == site { shape = here.value.shape }
        return here.value
      }
      var random = SeededRandom(seed: 3)
      expectGradient(
        at: [.normal(shape, using: &random)], tolerance: Tolerance(absolute: 1e-6, relative: 1e-5)
      ) { tape, leaves in
        shown.run(inputs, on: tape) { here in
          here.site == site && here.layer == layer ? tape.add(here.value, leaves[0]) : here.value
        }
      }
    }
  }

  /// The model in float64 with fewer layers.
  private static func inDoubles(
    _ kind: StackModel, layers: Int
  ) throws -> any TrainableModel<Double> {
    let field = try kind.field()
    let type = try field["model_type"].string()
    if let family = EncoderDecoderFamily.named(type) {
      var shape = try family.shape(field).shape
      shape.encoder.blocks = Array(shape.encoder.blocks.prefix(layers))
      shape.decoder.blocks = Array(shape.decoder.blocks.prefix(layers))
      let names = family.publishedNames(shape)
      let specs =
        shape.encoder.specs(named: names.encoder) + shape.decoder.specs(named: names.decoder)
      return EncoderDecoderModel<Double>(shape, of: family, .random(specs))
    }
    let family = try #require(Family.named(type))
    var shape = try family.shape(field)
    shape.blocks = Array(shape.blocks.prefix(layers))
    let names = PublishedNames(family)
    return DecoderModel<Double>(
      shape, names: names, .random(shape.specs(named: names)), on: Tape())
  }

  @Test func `what a model cannot be run on is refused by example and size`() throws {
    let limits = try StackModel.all.map { try $0.model().inputLimits }
    let (t5, whisper, vit) = (limits[0], limits[2], limits[3])
    func refused(
      _ limits: InputLimits, _ inputs: ModelInputs<Float>, _ terms: [String]
    ) {
      expectRefusal(terms, kind: .job) { try limits.check(inputs) }
    }
    for (kind, own) in zip(StackModel.all, limits) {
      try own.check(kind.inputs() as ModelInputs<Float>)
    }
    refused(t5, .tokens([[1]]), ["tokens alone", "decoder_input_ids"])
    refused(t5, .pairs(.tokens([[1, 11]]), decoder: [[1]]), ["inputs[0][1]", "token 11"])
    refused(t5, .pairs(.tokens([[1]]), decoder: [[11]]), ["[0][0]", "token 11", "0 to 10"])
    refused(t5, .pairs(.tokens([[1], [2]]), decoder: [[1]]), ["decoder_input_ids", "1 examples"])
    refused(t5, .pairs(.tokens([[]]), decoder: [[1]]), ["inputs[0]", "0 positions"])
    refused(
      t5, .pairs(.images([Tensor(zeros: [2, 6, 4])]), decoder: [[1]]), ["images", "tokens or"])
    refused(whisper, .pairs(.tokens([[1]]), decoder: [[1]]), ["tokens alone", "features"])
    refused(
      whisper, .pairs(.features([Tensor(zeros: [3, 9])]), decoder: [[1]]), ["[3, 9]", "[3, 10]"])
    refused(
      whisper,
      .pairs(.features([Tensor(zeros: [3, 10])]), decoder: [Array(repeating: 1, count: 10)]),
      ["10 positions", "1 to 9"])
    refused(vit, .images([Tensor(zeros: [2, 4, 6])]), ["inputs[0]", "[2, 4, 6]", "[2, 6, 4]"])
    refused(vit, .tokens([[1]]), ["tokens alone", "pixel_values"])
    expectRefusal(["attention_mask", "none"], kind: .job) {
      _ = try (ModelInputs<Float>.images([Tensor(zeros: [1, 1, 1])])).cut(by: [[1]])
    }
  }

  @Test func `wrong fields and sizes are refused by name`() throws {
    func refused(_ kind: Int, _ from: String, _ to: String, _ terms: [String]) throws {
      let config = StackModel.all[kind].config.replacing(from, with: to)
      try #require(config != StackModel.all[kind].config)
      let field = JSONField(
        try JSON.parse(Array(config.utf8), file: "config.json", kind: .job), file: "config.json",
        kind: .job)
      expectRefusal(terms, kind: .job) { _ = try NewModel(field) }
    }
    try refused(0, "\"relu\"", "\"tanh\"", ["feed_forward_proj", "tanh", "gated-"])
    try refused(0, "\"num_heads\": 2", "\"num_heads\": 0", ["num_heads", "the number 0"])
    try refused(
      0, "max_distance\": 9", "max_distance\": 3", ["relative_attention_max_distance", "3 for 8"])
    try refused(0, "d_ff", "d_fff", ["d_fff", "did you mean"])
    try refused(
      2, "attention_heads\": 4", "attention_heads\": 3", ["decoder_attention_heads", "3"])
    try refused(3, "\"patch_size\": 2", "\"patch_size\": 5", ["patch_size", "5 by 5", "6 by 4"])
    try refused(3, "[6, 4]", "[6]", ["image_size", "1 numbers"])
    try refused(3, "\"num_labels\": 4", "\"id2label\": {}", ["id2label", "0 classes"])
  }

  @Test func `a model saved without its head's part of names opens, and a head of its own is used`()
    throws
  {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("stacks-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for kind in StackModel.all {
      let model = try kind.model()
      let inputs: ModelInputs<Float> = kind.inputs()
      let logits = model.run(inputs, on: Tape(), visit: nil).value.elements
      let object = try kind.field().object()
      for isBare in [false, true] {
        let path = folder.appendingPathComponent("\(kind.name) \(isBare)").path
        let pairs = model.weights.pairs.map { name, value in
          let rest = name.split(separator: ".").dropFirst().joined(separator: ".")
          let isWrapped = ["model.", "vit."].contains { name.hasPrefix($0) }
          return (name: isBare && isWrapped ? rest : name, variable: value)
        }
        try NamedWeights(pairs).save(beside: object, to: path)
        let opened = try OpenedModel(path)
        #expect(
          try opened.load().run(inputs, on: Tape(), visit: nil).value.elements == logits,
          "\(kind.name)")
      }
    }
    #expect(try StackModel.all[0].model().weights["lm_head.weight"] == nil)
    #expect(try StackModel.all[1].model().weights["lm_head.weight"] != nil)
  }
}
