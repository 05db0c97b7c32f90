import Autodiff
import Checkpoints
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

struct OpenedModelTests {
  static let kinds: [(String, OpenedModel.Kind)] = [
    ("gpt2", OpenedModel.Kind.decoder), ("llama", .decoder), ("gru_classifier", .classifier),
    ("gru_lm", .languageModel), ("mlp_classifier_gelu", .classifier),
    ("backpack_gpt2", .languageModel), ("resnet_basic", .classifier),
    ("resnet_bottleneck", .classifier),
  ]

  static let configurations: [(String, String?, [String])] = [
    ("h_dims", "3", ["config.json: h_dims", "h_dim (did you mean that?)"]),
    ("h_dim", nil, ["config.json: h_dim", "no such field"]),
    ("h_dim", "0", ["config.json: h_dim", "the number 0", "1 to"]),
    ("h_dim", "3.0", ["config.json: h_dim", "the number 3.0"]),
    ("h_dim", "16777216", ["gru.wte.weight", "shape [5, 3]", "[5, 16777216]"]),
    ("n_layer", "-1", ["config.json: n_layer", "the number -1"]),
    ("n_layer", "10000", ["gru.cells.2.x2h.weight", "no tensor of that name"]),
    ("n_layer", "99999999999999999999", ["config.json: n_layer"]),
    ("n_labels", "7", ["score.weight", "shape [4, 3]", "[7, 3]"]),
    ("include_emb", "1", ["config.json: include_emb", "true or false"]),
    (
      "model_type", "\"grue\"",
      ["config.json: model_type", "\"grue\"", "gpt2, gpt_neo", "gru, mlp"]
    ),
    ("architectures", "[\"GRUModel\"]", ["config.json: architectures", "\"GRUModel\""]),
    ("architectures", "[]", ["config.json: architectures", "no class", "GRULMHeadModel"]),
    ("architectures", "[1]", ["config.json: architectures[0]", "the number 1"]),
    ("architectures", "[\"GRULMHeadModel\", \"GRULMHeadModel\"]", ["architectures", "GRULM"]),
  ]

  static let weights: [(String, [Int]?, [String])] = [
    ("gru.cells.1.h2h.weight", nil, ["gru.cells.1.h2h.weight", "no tensor of that name"]),
    ("gru.cells.0.x2h.bias", [8], ["gru.cells.0.x2h.bias", "shape [8]", "shape [9]"]),
    ("gru.cells.0.x2h.weight", [3, 9], ["gru.cells.0.x2h.weight", "[3, 9]", "[9, 3]"]),
    ("gru.wpe.weight", [6], ["gru.wpe.weight", "shape [6]", "shape [6, 3]"]),
    ("score.weight", nil, ["score.weight", "no tensor of that name"]),
  ]

  static let perceptrons: [(String, [String])] = [
    ("\"include_emb\": true", ["config.json: include_emb", "reads embeddings"]),
    ("\"activation_function\": \"tanh\"", ["activation_function", "\"tanh\"", "gelu_new"]),
    ("\"num_classes\": 3", ["score.weight", "[2, 2]", "[3, 2]"]),
    ("\"architectures\": [\"MLPModel\"]", ["architectures", "MLPForClassification"]),
  ]

  @Test(arguments: kinds)
  func `the configuration tells which model a folder holds`(
    name: String, kind: OpenedModel.Kind
  ) throws {
    for golden in ModelGoldens.named([name]) {
      let opened = try golden.opened()
      #expect(opened.kind == kind)
      #expect((try opened.load() is DecoderModel<Float>) == (kind == .decoder))
    }
  }

  @Test func `a whole folder is accepted, and one with a superfluous tensor refused`() throws {
    let spare = try GRUFolder().tensor("spare", [2]).written()
    expectRefusal(["spare", "no use for"]) { try spare.opened() }
    let opened = try GRUFolder().written().opened()
    let logits = try opened.load().run(.tokens([[1, 2], [0]]), on: Tape(), visit: nil).value
    #expect(logits.shape == [2, 4])
  }

  @Test(arguments: configurations)
  func `a damaged configuration is refused by field`(
    field: String, value: String?, terms: [String]
  ) throws {
    let folder = try GRUFolder().with(field, value).written()
    expectRefusal(terms) { try folder.opened() }
  }

  @Test(arguments: weights)
  func `a missing weight or one of another shape is refused by name`(
    name: String, shape: [Int]?, terms: [String]
  ) throws {
    let folder = try GRUFolder().tensor(name, shape).written()
    expectRefusal(["model.safetensors"].filter { _ in shape != nil } + terms) {
      try folder.opened()
    }
  }

  @Test func `integers in place of weights are refused`() throws {
    var damaged = GRUFolder()
    damaged.integers = ["score.weight"]
    let folder = try damaged.written()
    expectRefusal(["score.weight", "floating-point"]) { try folder.opened() }
  }

  @Test func `a language model without a head of its own uses its token embedding`() throws {
    let base = GRUFolder().with("architectures", "[\"GRULMHeadModel\"]")
      .tensor("score.weight", nil)
    func model(_ folder: GRUFolder) throws -> any TrainableModel<Float> {
      try folder.written().opened().load()
    }
    #expect(try model(base).weights["lm_head.weight"] == nil)
    let own = base.tensor("lm_head.weight", [5, 3])
    #expect(try model(own).weights["lm_head.weight"] != nil)
    #expect(
      try model(own.with("tie_word_embeddings", "true")).weights["lm_head.weight"] == nil)
    let folder = try base.with("tie_word_embeddings", "false").written()
    expectRefusal(["lm_head.weight", "no tensor of that name"]) { try folder.opened() }
  }

  @Test(arguments: perceptrons)
  func `a damaged perceptron is refused by field`(damage: String, terms: [String]) throws {
    var fields = [
      "\"model_type\": \"mlp\"", "\"architectures\": [\"MLPForClassification\"]",
      "\"n_layer\": 1", "\"h_dim\": 2", "\"activation_function\": \"relu\"",
      "\"num_classes\": 2", "\"include_bias\": true", "\"include_emb\": false",
    ]
    let shape = MLPShape(layers: 1, width: 2, activation: .relu, classes: 2, bias: true)
    let tensors = shape.weights.map { ($0.name, $0.size) }
    func folder() throws -> ModelFolder {
      try ModelFolder(config: "{\(fields.joined(separator: ", "))}", tensors: tensors)
    }
    let whole = try folder()
    #expect(try whole.opened().kind == .classifier)
    let name = damage.prefix { $0 != ":" }
    fields.removeAll { $0.hasPrefix(name) }
    fields.append(damage)
    let damaged = try folder()
    expectRefusal(terms) { try damaged.opened() }
  }
}
