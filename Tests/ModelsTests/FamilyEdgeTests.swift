import Autodiff
import Checkpoints
import Foundation
import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Models

/// What is particular to a family or to a release of transformers, and told by no golden.
struct FamilyEdgeTests {
  /// A folder of a new model, whose tensors can be changed before they are written.
  private final class Folder: Sendable {
    let path: String

    init(
      _ config: String,
      _ change: (inout [(name: String, value: Tensor<Float>)]) -> Void = { _ in }
    ) throws {
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("edge-\(UUID().uuidString)")
      path = folder.path
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
      let new = try NewModel(FamilyEdgeTests.field(config))
      var tensors = new.initialWeights(seed: 3).pairs.map {
        (name: $0.name, value: $0.variable.value)
      }
      change(&tensors)
      var writer = SafetensorsWriter(metadata: ["format": "pt"])
      for tensor in tensors {
        writer.add(tensor.name, shape: tensor.value.shape, tensor.value.elements)
      }
      try writer.write(to: "\(path)/model.safetensors")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func opened() throws -> PublishedModel {
      try withExtendedLifetime(self) { try PublishedModel(path) }
    }
  }

  private static func field(_ config: String) throws -> JSONField {
    JSONField(
      try JSON.parse(Array(config.utf8), file: "config.json", kind: .model), file: "config.json",
      kind: .model)
  }

  private static let usual =
    #""hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 11"#
  private static let more = #", "intermediate_size": 10, "max_position_embeddings": 16"#

  private static func llama(_ more: String) -> String {
    "{\"model_type\": \"llama\", \(usual)\(Self.more), \(more)}"
  }

  private func logits(_ model: PublishedModel) throws -> [Float] {
    FamilyPeerTests.logits(try model.load(), [[3, 7, 5], [1, 9]])
  }

  // MARK: Positions

  @Test(arguments: ["roberta", "esm"])
  func `padding tokens have the embedding before the first, and are not counted`(
    type: String
  ) throws {
    let folder = try Folder(
      "{\"model_type\": \"\(type)\", \(Self.usual)\(Self.more), \"pad_token_id\": 1}")
    let model = try folder.opened().load()
    let table = try #require(model.weights["\(type).embeddings.position_embeddings.weight"]).value
    var rows: Tensor<Float>?
    _ = model.run(.tokens([[5, 1, 1, 6], [1, 4], [7, 8]]), on: Tape()) { here in
      if here.site == .positionEmbeddingOutput { rows = here.value.value }
      return here.value
    }
    #expect(rows?.elements == table.gathered([2, 1, 1, 3, 1, 2, 2, 3]).elements)
  }

  // MARK: Heads

  @Test func `a stored head that differs from the embedding is the head, and said to be`() throws {
    let config = Self.llama("\"tie_word_embeddings\": true")
    let plain = try Folder(config).opened()
    #expect(plain.notes == [] && plain.shape.head.isTied)
    let same = try Folder(config) { tensors in
      tensors.append(("lm_head.weight", tensors[0].value))
    }
    #expect(try same.opened().notes == [] && logits(same.opened()) == logits(plain))
    func add(_ tensors: inout [(name: String, value: Tensor<Float>)]) {
      tensors.append(("lm_head.weight", tensors[0].value.scaled(by: 2)))
    }
    let other = try Folder(config, add).opened()
    #expect(other.notes.count == 1 && other.notes[0].contains("lm_head.weight is the head"))
    let untied = try Folder(Self.llama("\"tie_word_embeddings\": false")) { tensors in
      tensors.removeAll { $0.name == "lm_head.weight" }
      add(&tensors)
    }
    #expect(try logits(other) == logits(untied.opened()))
    #expect(try logits(other) != logits(plain))
  }

  @Test func `the head of GPT-NeoX has the names of old and new releases`() throws {
    let folder = try Folder("{\"model_type\": \"gpt_neox\", \(Self.usual)\(Self.more)}")
    let model = try folder.opened().load()
    for name in ["embed_out", "lm_head"] {
      #expect(model.site(atModulePath: "\(name).output")?.site == .logits)
      #expect(model.site(atModulePath: "\(name).input")?.site == .finalNormOutput)
    }
  }

  @Test(arguments: [true, false])
  func `what the head of an OPT reads is the last stream unless that is narrowed`(
    isBefore: Bool
  ) throws {
    func model(inner: Int) throws -> DecoderModel<Float> {
      try Folder(
        """
        {"model_type": "opt", \(Self.usual), "ffn_dim": 10, "max_position_embeddings": 16,
         "word_embed_proj_dim": \(inner), "do_layer_norm_before": \(isBefore)}
        """
      ).opened().load()
    }
    let last: (Site, Int) = isBefore ? (.finalNormOutput, 0) : (.blockOutput, 1)
    let wide = try #require(try model(inner: 16).site(atModulePath: "lm_head.input"))
    #expect(wide == last)
    let narrow = try model(inner: 6)
    #expect(narrow.site(atModulePath: "lm_head.input") == nil)
    let projected = narrow.site(atModulePath: "model.decoder.project_out.input")
    #expect(try #require(projected) == last)
  }

  // MARK: Values that several modules read

  @Test func `what values are made of is what an MLP beside the attention reads`() throws {
    let model = try Folder("{\"model_type\": \"phi\", \(Self.usual)\(Self.more)}").opened().load()
    let value = Tensor<Float>([3, 16], (0..<48).map { Float($0 % 5) })
    var read: [Float]?
    _ = model.run(.tokens([[3, 7, 5]]), on: Tape()) { here in
      guard here.layer == 0 else { return here.value }
      if here.site == .mlpInput { read = here.value.value.elements }
      return here.site == .valueInput ? Variable(value) : here.value
    }
    #expect(read == value.elements)
  }

  @Test
  func `what values are made of is what attention's output is added to without a norm between`()
    throws
  {
    let model = try Folder("{\"model_type\": \"bert\", \(Self.usual)\(Self.more)}").opened().load()
    let value = Tensor<Float>([3, 16], (0..<48).map { Float(($0 * 7) % 5) })
    var found: (projected: [Float], sum: [Float]) = ([], [])
    _ = model.run(.tokens([[3, 7, 5]]), on: Tape()) { here in
      guard here.layer == 0 else { return here.value }
      if here.site == .attentionProjectionOutput { found.projected = here.value.value.elements }
      if here.site == .attentionOutput { found.sum = here.value.value.elements }
      return here.site == .valueInput ? Variable(value) : here.value
    }
    #expect(found.sum.count == 48)
    for row in 0..<3 {
      // New norms have gains of one and no bias.
      let sum = (0..<16).map { found.projected[16 * row + $0] + value.elements[16 * row + $0] }
      let mean = sum.reduce(0, +) / 16
      let deviation = (sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 16).squareRoot()
      for column in 0..<16 {
        #expect(abs(found.sum[16 * row + column] - (sum[column] - mean) / deviation) < 1e-4)
      }
    }
  }

  @Test(arguments: [("olmo2", false), ("llama", true)])
  func `the path of what a gate's other branch reads is there where a norm stands before`(
    type: String, isThere: Bool
  ) throws {
    let folder = try Folder("{\"model_type\": \"\(type)\", \(Self.usual)\(Self.more)}")
    let model = try folder.opened().load()
    let path = "model.layers[1].mlp.up_proj"
    #expect(model.site(atModulePath: "\(path).input")?.site == (isThere ? .mlpUpInput : nil))
    #expect(model.site(atModulePath: "\(path).output")?.site == .mlpUpOutput)
  }

  // MARK: Configurations

  @Test(arguments: [
    ("\"architectures\": \"LlamaForCausalLM\"", ["config.json: architectures", "an array"]),
    ("\"rope_theta\": 1e308", ["rope_theta", "float32"]),
    ("\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 1e39}", ["1e+39"]),
  ])
  func `a configuration that means nothing is refused`(field: String, words: [String]) throws {
    let folder = try Folder(Self.llama("\"hidden_act\": \"silu\""))
    try Data(Self.llama(field).utf8).write(to: URL(fileURLWithPath: "\(folder.path)/config.json"))
    expectRefusal(words) { try folder.opened() }
  }

  @Test func `a special token beyond the vocabulary is noted`() throws {
    let model = try Folder(Self.llama("\"bos_token_id\": 11, \"eos_token_id\": 10")).opened()
    #expect(model.notes.count == 1 && model.notes[0].contains("\"bos_token_id\""))
    #expect(try Folder(Self.llama("\"pad_token_id\": -1")).opened().notes.count == 1)
    #expect(try Folder(Self.llama("\"eos_token_id\": [2, 3]")).opened().notes == [])
  }

  @Test func `weights of a class that has another head are refused with its name`() throws {
    let config = """
      {"model_type": "bert", \(Self.usual)\(Self.more),
       "architectures": ["BertForSequenceClassification"]}
      """
    let folder = try Folder(config) { $0.append(("classifier.weight", Tensor(zeros: [2, 16]))) }
    expectRefusal(["classifier.weight", "\"BertForSequenceClassification\""]) {
      try folder.opened()
    }
  }

  // MARK: GGUF

  @Test func `experts that have tensors of their own are those of one tensor`() throws {
    func logits(_ gguf: TinyGGUF) throws -> [Float] {
      let url = FileManager.default.temporaryDirectory
        .appendingPathComponent("experts-\(UUID().uuidString).gguf")
      defer { try? FileManager.default.removeItem(at: url) }
      try Data(gguf.file).write(to: url)
      return FamilyPeerTests.logits(try PublishedModel(url.path).load(), [[3, 7, 5], [1, 2]])
    }
    var base = TinyGGUF()
    base.values["llama.expert_count"] = (4, littleEndian(UInt32(2)))
    base.values["llama.expert_used_count"] = (4, littleEndian(UInt32(1)))
    base.shapes["blk.0.ffn_gate_inp.weight"] = [4, 2]
    base.elements["blk.0.ffn_gate_inp.weight"] = [1, -1, 1, -1, -1, 1, -1, 1]
    var (one, each, swapped) = (base, base, base)
    for kind in ["gate", "up", "down"] {
      let name = "blk.0.ffn_\(kind)"
      let size = try #require(base.shapes["\(name).weight"])
      let all = (0..<64).map { Float(($0 * 37) % 17) / 16 - 0.5 }
      one.shapes["\(name).weight"] = nil
      each.shapes["\(name).weight"] = nil
      swapped.shapes["\(name).weight"] = nil
      one.shapes["\(name)_exps.weight"] = size + [2]
      one.elements["\(name)_exps.weight"] = all
      for expert in 0..<2 {
        each.shapes["\(name).\(expert).weight"] = size
        each.elements["\(name).\(expert).weight"] = Array(all[32 * expert..<32 * expert + 32])
        swapped.shapes["\(name).\(expert).weight"] = size
        swapped.elements["\(name).\(1 - expert).weight"] =
          Array(all[32 * expert..<32 * expert + 32])
      }
    }
    #expect(try logits(each) == logits(one))
    #expect(try logits(swapped) != logits(one))
  }
}
