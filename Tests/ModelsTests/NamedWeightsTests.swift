import Autodiff
import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

struct NamedWeightsTests {
  static let goldens = ModelGoldens.named([
    "gpt2", "llama", "gru_classifier", "gru_lm", "mlp_classifier_gelu", "backpack_gpt2", "t5",
    "t5_v1_1", "vit", "whisper",
  ])

  @Test(arguments: goldens)
  func `a model gives back its files' weights, to the bit`(golden: GoldenModel) throws {
    let opened = try golden.opened()
    let weights = try opened.load().weights
    #expect(Set(weights.names) == Set(opened.checkpoint.tensors.keys))
    for (name, variable) in weights.pairs {
      #expect(variable.shape == opened.checkpoint.tensors[name]?.shape)
      #expect(variable.value.elements == (try opened.checkpoint.floats(name)), "\(name)")
    }
  }

  @Test(arguments: goldens)
  func `a model saved and opened again computes the same bits`(golden: GoldenModel) throws {
    let opened = try golden.opened()
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("saved-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try opened.load()
    try opened.save(model.weights, to: folder.path)
    let again = try OpenedModel(folder.path)
    #expect(again.kind == opened.kind)
    let inputs = try golden.inputs()
    #expect(
      try again.load().run(inputs, on: Tape(), visit: nil).value.elements
        == model.run(inputs, on: Tape(), visit: nil).value.elements)
  }

  @Test func `a model that has its tokenizer beside it is saved with it, or with another`() throws {
    let golden = try #require(ModelGoldens.named(["gpt2"]).first)
    let root = FileManager.default.temporaryDirectory
      .appendingPathComponent("tokenized-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    func path(_ name: String) -> String { root.appendingPathComponent(name).path }
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    let bare = try golden.opened()
    let weights = try bare.load().weights
    try bare.save(weights, to: path("with"))
    for name in ["tokenizer.json", "tokenizer_config.json", "notes.txt"] {
      try Data(name.utf8).write(to: URL(fileURLWithPath: path("with/\(name)")))
    }
    try OpenedModel(path("with")).save(weights, to: path("saved"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path("saved")).sorted() == [
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
      ])
    let copied = try Data(contentsOf: URL(fileURLWithPath: path("saved/tokenizer.json")))
    #expect(String(decoding: copied, as: UTF8.self) == "tokenizer.json")
    try Data("other".utf8).write(to: URL(fileURLWithPath: path("other.json")))
    try OpenedModel(path("with")).save(
      weights, to: path("replaced"), tokenizer: path("other.json"))
    let other = try Data(contentsOf: URL(fileURLWithPath: path("replaced/tokenizer.json")))
    #expect(String(decoding: other, as: UTF8.self) == "other")
  }

  @Test(arguments: goldens)
  func `weights on a tape give the bits that packed weights give`(golden: GoldenModel) throws {
    let (model, inputs) = (try golden.opened().load(), try golden.inputs())
    let tape = Tape<Float>()
    let trained = model.trainable(on: tape).model.run(inputs, on: tape, visit: nil)
    #expect(trained.isTracked)
    #expect(trained.value.elements == model.run(inputs, on: Tape(), visit: nil).value.elements)
  }

  @Test(arguments: ModelGoldens.named(["gpt2", "gru_classifier", "mlp_classifier_gelu"]))
  func `a step against the gradient lowers the loss`(golden: GoldenModel) throws {
    let (model, inputs) = (try golden.opened().load(), try golden.inputs())
    func step<M: TrainableModel<Float>>(_ model: M) -> (before: Float, after: Float) {
      func loss(_ model: M, _ tape: Tape<Float>) -> Variable<Float> {
        let logits = model.run(inputs, on: tape, visit: nil)
        return tape.crossEntropy(logits, labels: (0..<logits.value.rows).map { $0 % 4 })
      }
      let tape = Tape<Float>()
      let (onTape, weights) = model.trainable(on: tape)
      let before = loss(onTape, tape)
      let moved = zip(weights.all, tape.gradients(of: before, at: weights.all)).map {
        $0.value - $1.scaled(by: 0.01)
      }
      let silent = Tape<Float>()
      let next = model.with(weights.replaced(with: moved), on: silent)
      let after = loss(next, silent)
      #expect(!after.isTracked, "constants are packed again")
      return (before.value.scalar, after.value.scalar)
    }
    let (before, after) = step(model)
    #expect(after < before)
  }

  @Test func `a saved configuration keeps its fields and says float32`() throws {
    let golden = try #require(ModelGoldens.named(["llama"]).first)
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("saved-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appendingPathComponent("source")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(
        at: golden.folder.appendingPathComponent(name), to: source.appendingPathComponent(name))
    }
    let config = source.appendingPathComponent("config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    try text.replacing("\"float32\"", with: "\"bfloat16\"").replacing(
      "\"pad_token_id\": 0", with: "\"pad_token_id\": 0, \"_name_or_path\": \"a\\\"b\\\\c\\nd\""
    ).write(to: config, atomically: true, encoding: .utf8)
    let opened = try OpenedModel(source.path)
    let saved = folder.appendingPathComponent("saved").path
    try opened.save(try opened.load().weights, to: saved)
    let before = try JSONField.load(config.path, kind: .model)
    let after = try JSONField.load("\(saved)/config.json", kind: .model)
    #expect(try after.object().keys == before.object().keys)
    #expect(try after["dtype"].string() == "float32")
    #expect(try after["_name_or_path"].string() == "a\"b\\c\nd")
    #expect(try after["rope_parameters"]["rope_theta"].double() == 10_000)
    #expect(try after["rms_norm_eps"].double() == before["rms_norm_eps"].double())
  }
}
