import Autodiff
import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

struct ResNetTests {
  static let goldens = ModelGoldens.named(["resnet_basic", "resnet_bottleneck"])

  @Test(arguments: goldens)
  func `every site and the logits agree with the published implementation`(
    golden: GoldenModel
  ) throws {
    let (model, values, inputs) = (try golden.model(), try golden.values(), try golden.inputs())
    try model.check(inputs)
    var seen: [String: Tensor<Float>] = [:]
    let logits = model.run(inputs, on: Tape()) { here in
      let extent = model.extent(of: here.site, layer: here.layer)
      let lengths = inputs.extents[extent]
      #expect(
        here.value.shape == [lengths.reduce(0, +), model.width(of: here.site, layer: here.layer)])
      #expect((0..<2).map { here.places.positions(of: $0).count } == lengths)
      if let image = inputs.extents.images(at: extent)?.first {
        seen["\(here.site.rawValue) \(here.layer)"] = here.value.value.imagesOfRows(image)
      }
      return here.value
    }
    try golden.expect(logits.value.elements, "logits", in: values)
    let sites = try golden.document()["sites"].members()
    for (name, field) in sites {
      let path = "\(try field["module"].string()).\(try field["hook"].string())"
      let named = model.site(atModulePath: name)
      let (site, layer) = try #require(model.site(atModulePath: path), "\(path)")
      #expect(named.map { $0 == (site, layer) } ?? (name == site.rawValue), "\(name)")
      let value = try #require(seen["\(site.rawValue) \(layer)"], "\(name)")
      #expect(value.shape == (try values.tensor(name).shape), "\(name)")
      try golden.expect(value.elements, name, in: values)
    }
    #expect(sites.count > 20)
  }

  @Test(arguments: ResNetShape.small)
  func `a run comes by every site once, and every module path leads to one`(
    shape: ResNetShape
  ) throws {
    let model = ResNetModel<Float>.random(shape)
    var seen: [String] = []
    let inputs = ModelInputs<Float>.randomImages([(17, 12), (5, 9)], channels: shape.channels)
    _ = model.run(inputs, on: Tape()) { here in
      seen.append("\(here.site.rawValue) \(here.layer)")
      let lengths = inputs.extents[model.extent(of: here.site, layer: here.layer)]
      #expect(here.value.value.rows == lengths.reduce(0, +), "\(here.site) \(here.layer)")
      #expect(here.value.value.width == model.width(of: here.site, layer: here.layer))
      return here.value
    }
    let all = model.sites.flatMap { site, layers in layers.map { "\(site.rawValue) \($0)" } }
    #expect(Set(seen).count == seen.count && Set(seen) == Set(all))
    let paths = model.modulePaths(ofLayer: 0)
    #expect(Set(paths).count == paths.count)
    for path in paths {
      let (site, layer) = try #require(model.site(atModulePath: path), "\(path)")
      #expect(seen.contains("\(site.rawValue) \(layer)"), "\(path)")
    }
    for wrong in [
      "resnet.encoder.stages[9].layers[0].output", "stage.0.layer.9.block_output",
      "stage.0.layer.0.pooler_output", "stage.0.layer.0", "resnet", "classifier[2].output",
    ] {
      #expect(model.site(atModulePath: wrong) == nil, "\(wrong)")
    }
    #expect(
      model.order(ofComponent: "resnet.encoder.stages[1].layers[0].activation.output")
        < model.order(ofComponent: "block_output"))
    #expect(
      model.order(ofComponent: "block_output")
        < model.order(ofComponent: "resnet.encoder.stages[0].output"))
  }

  @Test(arguments: ResNetShape.small)
  func `a batch of images of any sizes has the bits of its images alone`(
    shape: ResNetShape
  ) throws {
    let model = ResNetModel<Float>.random(shape)
    let inputs = ModelInputs<Float>.randomImages(
      [(17, 12), (1, 1), (32, 32)], channels: shape.channels)
    guard case .images(let images) = inputs else { return }
    let together = model.run(inputs, on: Tape(), visit: nil).value.elements
    let alone = images.flatMap { model.run(.images([$0]), on: Tape(), visit: nil).value.elements }
    #expect(together == alone)
  }

  @Test(arguments: ResNetShape.small)
  func `gradients at weights and pixels agree with central differences`(
    shape: ResNetShape
  ) throws {
    let model = ResNetModel<Double>.random(shape)
    let tape = Tape<Double>()
    let (onTape, leaves) = model.trainable(on: tape)
    let inputs = ModelInputs<Double>.randomImages([(9, 6)], channels: shape.channels)
    guard case .images(let images) = inputs else { return }
    var pixels: Variable<Double>?
    func loss(
      _ model: ResNetModel<Double>, _ images: [Tensor<Double>], on tape: Tape<Double>,
      tracksPixels: Bool = false
    ) -> Variable<Double> {
      let logits = model.run(.images(images), on: tape) { here in
        guard tracksPixels, here.site == .pixelValues else { return here.value }
        let leaf = tape.leaf(here.value.value)
        pixels = leaf
        return leaf
      }
      return tape.crossEntropy(logits, labels: [1])
    }
    let value = loss(onTape, images, on: tape, tracksPixels: true)
    let leaf = try #require(pixels)
    let parameters = leaves.parameters
    let gradients = tape.gradients(of: value, at: parameters.map(\.variable) + [leaf])
    #expect(leaves.buffers.count == leaves.names.count - parameters.count)
    #expect(tape.gradients(of: value, at: leaves.all).count == leaves.names.count)

    let h = 1e-6
    for (number, (name, variable)) in parameters.enumerated() {
      let at = (7 * number) % variable.value.count
      func moved(_ by: Double) -> Double {
        let pairs = leaves.pairs.map { pair -> (name: String, variable: Variable<Double>) in
          guard pair.name == name else { return (pair.name, Variable(pair.variable.value)) }
          var elements = pair.variable.value.elements
          elements[at] += by
          return (name, Variable(Tensor(pair.variable.shape, elements)))
        }
        let other = model.with(NamedWeights(pairs, buffers: leaves.buffers), on: Tape())
        return loss(other, images, on: Tape()).value.scalar
      }
      let expected = (moved(h) - moved(-h)) / (2 * h)
      #expect(abs(gradients[number].elements[at] - expected) < 1e-7, "\(name)")
    }
    let (rows, c) = (images[0].shape[1] * images[0].shape[2], shape.channels)
    for at in stride(from: 0, to: rows * c, by: 5) {
      func moved(_ by: Double) -> Double {
        // Rows are pixels; the image's first axis is the channels.
        var elements = images[0].elements
        elements[at % c * rows + at / c] += by
        return loss(model, [Tensor(images[0].shape, elements)], on: Tape()).value.scalar
      }
      let expected = (moved(h) - moved(-h)) / (2 * h)
      #expect(abs(gradients[parameters.count].elements[at] - expected) < 1e-7)
    }
  }

  @Test(arguments: goldens)
  func `a model saved and opened again computes the same bits`(golden: GoldenModel) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("resnet-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (opened, inputs) = (try golden.opened(), try golden.inputs())
    let model = try opened.load()
    let onTape = model.trainable(on: Tape()).model
    #expect(onTape.weights.pairs.map(\.name) == model.weights.pairs.map(\.name))
    #expect(onTape.weights.all.map(\.value.elements) == model.weights.all.map(\.value.elements))
    try opened.save(onTape.weights, to: folder.path)
    let again = try OpenedModel(folder.path)
    #expect(again.kind == .classifier && again.classCount == 10)
    #expect(
      try again.load().run(inputs, on: Tape(), visit: nil).value.elements
        == model.run(inputs, on: Tape(), visit: nil).value.elements)
  }

  static let damages: [(String, [String])] = [
    ("\"depths\": [2, 2]", ["config.json: depths", "2 stages", "3"]),
    ("\"depths\": []", ["config.json: depths", "0 stages"]),
    ("\"depths\": [2, 2, 0]", ["config.json: depths[2]", "the number 0"]),
    ("\"depths\": [9999, 9999, 2]", ["config.json: depths", "20000 blocks"]),
    ("\"depths\": 4", ["config.json: depths"]),
    ("\"hidden_sizes\": [16, 32, 64]", ["stages.2.layers.0", "[64"]),
    ("\"hidden_sizes\": [16, 32, 16777217]", ["config.json: hidden_sizes[2]"]),
    ("\"layer_type\": \"wide\"", ["config.json: layer_type", "\"wide\"", "basic or bottleneck"]),
    ("\"layer_type\": \"bottleneck\"", ["resnet.encoder.stages.0.layers.0"]),
    ("\"num_channels\": 4", ["embedder.embedder.convolution.weight", "[16, 4, 7, 7]"]),
    ("\"hidden_act\": \"tanh\"", ["config.json: hidden_act", "\"tanh\""]),
    ("\"id2label\": {}", ["config.json: id2label", "no label"]),
    ("\"architectures\": [\"ResNetModel\"]", ["architectures", "ResNetForImageClassification"]),
    ("\"downsample\": true", ["config.json: downsample", "unknown field"]),
  ]

  @Test(.enabled(if: !goldens.isEmpty), arguments: damages)
  func `a damaged configuration is refused by field`(damage: String, terms: [String]) throws {
    let golden = try #require(Self.goldens.first)
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("resnet-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: golden.folder.appendingPathComponent("model.safetensors"),
      to: folder.appendingPathComponent("model.safetensors"))
    var config = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: golden.folder.appendingPathComponent("config.json")))
        as? [String: Any])
    let change = try #require(
      try JSONSerialization.jsonObject(with: Data("{\(damage)}".utf8)) as? [String: Any])
    config.merge(change) { $1 }
    try JSONSerialization.data(withJSONObject: config)
      .write(to: folder.appendingPathComponent("config.json"))
    expectRefusal(terms) { try OpenedModel(folder.path) }
  }

  @Test func `what a configuration leaves out is as transformers has it`() throws {
    let text = """
      {"model_type": "resnet", "architectures": ["ResNetForImageClassification"], "num_labels": 7}
      """
    let shape = try ResNetShape(
      JSONField(
        try JSON.parse(Array(text.utf8), file: "config.json", kind: .model), file: "config.json",
        kind: .model))
    #expect(
      shape
        == ResNetShape(
          channels: 3, embeddingWidth: 64,
          stages: [(256, 3), (512, 4), (1024, 6), (2048, 3)], layerType: .bottleneck, classes: 7))
    // ResNet-50: 25.6 million with a thousand classes, of which the head is 2049 a class.
    let trained = shape.weights.filter { $0.use != .buffer }
    let count: Int = trained.reduce(0) { $0 + $1.size.reduce(1, *) }
    let wanted: Int = 25_557_032 - 993 * 2049
    #expect(count == wanted)
  }

  @Test func `inputs that are no images of the model's channels are refused`() {
    let limits = ResNetShape.small[0].inputLimits
    func expect(_ inputs: ModelInputs<Float>, _ terms: [String]) {
      expectRefusal(terms, kind: .job) { try limits.check(inputs) }
    }
    expect(.tokens([[1]]), ["inputs", "tokens alone", "images", "[2, height, width]"])
    expect(.random(lengths: [2], width: 2), ["inputs", "embeddings alone", "images"])
    expect(.images([]), ["inputs", "no example"])
    expect(.randomImages([(4, 4)], channels: 3), ["inputs[0]", "[3, 4, 4]", "[2, height, width]"])
    expect(.randomImages([(4, 4), (0, 4)], channels: 2), ["inputs[1]", "[2, 0, 4]"])
    expect(.images([Tensor(zeros: [2, 4])]), ["inputs[0]", "[2, 4]"])
    let text = InputLimits(vocabulary: 5, width: 3, positions: 4)
    expectRefusal(["inputs", "images", "tokens or embeddings"], kind: .job) {
      try text.check(ModelInputs<Float>.randomImages([(4, 4)], channels: 3))
    }
    expectRefusal(["attention_mask", "images"], kind: .job) {
      try ModelInputs<Float>.randomImages([(1, 2)], channels: 3).cut(by: [[1, 1]])
    }
  }
}
