import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// Configurations: what holds where fields are left out, what means nothing, and what is refused.
struct FamilyConfigTests {
  // MARK: Defaults

  /// By `model_type`, what transformers' class of it saves when it is given nothing
  /// (`Fixtures/families_peer.py`).
  private static let defaults: [String: [String: any Sendable]] = {
    guard let url = ModelGoldens.fixtures?.appendingPathComponent("family_defaults.json"),
      let data = try? Data(contentsOf: url),
      let all = try? JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
    else { return [:] }
    return all.mapValues { $0.mapValues { Value($0) } }
  }()

  /// A JSON value that is not changed.
  private struct Value: @unchecked Sendable {
    let value: Any
    init(_ value: Any) { self.value = value }
  }

  private func shape(_ family: Family, _ fields: [String: any Sendable]) throws -> DecoderShape {
    let plain = fields.mapValues { ($0 as? Value)?.value ?? $0 }
    let data = try JSONSerialization.data(withJSONObject: plain)
    let json = try JSON.parse(Array(data), file: "config.json", kind: .model)
    return try family.shape(JSONField(json, file: "config.json", kind: .model))
  }

  @Test(arguments: defaults.keys.sorted())
  func `a field that is left out is what transformers' class has for it`(type: String) throws {
    let fields = try #require(Self.defaults[type])
    let family = try #require(Family.all.first { $0.modelType == type })
    let whole = try shape(family, fields)
    for key in fields.keys.sorted() where key != "model_type" {
      var fewer = fields
      fewer[key] = nil
      #expect(try shape(family, fewer) == whole, "\(type) without \(key)")
    }
    #expect(try shape(family, ["model_type": type]) == whole, "\(type) of nothing")
  }

  @Test(arguments: defaults.keys.sorted())
  func `a null is never refused`(type: String) throws {
    let fields = try #require(Self.defaults[type])
    let family = try #require(Family.all.first { $0.modelType == type })
    for key in fields.keys.sorted() where key != "model_type" {
      var other = fields
      other[key] = Value(NSNull())
      #expect(throws: Never.self, "\(type), \(key)") { try shape(family, other) }
    }
  }

  @Test(
    arguments: [
      ("falcon", "apply_residual_connection_post_layernorm", false), ("opt", "prefix", "</s>"),
      ("opt", "activation_dropout", 0), ("bloom", "skip_bias_add_qkv", false),
      ("bloom", "offset_alibi", 100), ("gptj", "rotary", true), ("phi3", "lm_head_bias", false),
      ("phi3", "interpolate_factor", 1), ("gpt_oss", "initial_context_length", 4096),
      ("gemma2", "cache_implementation", "hybrid"), ("gpt2", "n_ctx", 1024),
      ("gpt2", "output_past", true), ("gpt2", "_num_labels", 1), ("llama", "is_llama_config", true),
      ("llama", "rope_interleaved", false),
    ] as [(String, String, any Sendable)])
  func `fields of published files that change nothing are taken`(
    type: String, field: String, value: any Sendable
  ) throws {
    var fields = try #require(Self.defaults[type])
    let family = try #require(Family.all.first { $0.modelType == type })
    let whole = try shape(family, fields)
    fields[field] = value
    #expect(try shape(family, fields) == whole)
  }

  @Test func `every family of decoders has its defaults compared`() {
    let decoders = Set(FamilyFolder.carried.compactMap { try? $0.opened().family.modelType })
    #expect(decoders.isSubset(of: Self.defaults.keys))
    #expect(Self.defaults.count == 22)
  }

  // MARK: Folders to damage

  /// A copy of a carried model, with other fields and tensors.
  private final class Copy {
    let url: URL
    var fields: [String: Any]
    var tensors: [String: (shape: [Int], values: [Float])] = [:]

    init(_ name: String) throws {
      let source = try #require(FamilyFolder.carried.first { $0.name == name }).url
      let data = try Data(contentsOf: source.appendingPathComponent("config.json"))
      fields = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      let file = try SafetensorsFile(source.appendingPathComponent("model.safetensors").path)
      for name in file.tensors.keys {
        tensors[name] = (try file.tensor(name).shape, try file.floats(name))
      }
      url = FileManager.default.temporaryDirectory.appendingPathComponent(
        "family-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func opened() throws -> PublishedModel {
      try JSONSerialization.data(withJSONObject: fields).write(
        to: url.appendingPathComponent("config.json"))
      var writer = SafetensorsWriter()
      for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
        writer.add(name, shape: tensor.shape, tensor.values)
      }
      try writer.write(to: url.appendingPathComponent("model.safetensors").path)
      return try PublishedModel(url.path)
    }

    func logits() throws -> [Float] {
      let model = try withExtendedLifetime(self) { try opened().load() }
      return FamilyPeerTests.logits(model, [[3, 17, 5, 22, 9]])
    }
  }

  // MARK: Marks and notes

  @Test func `marks of tools and nulls open with the same bits, and one note`() throws {
    let plain = try Copy("llama_3").logits()
    let marked = try Copy("llama_3")
    marked.fields["unsloth_fixed"] = true
    marked.fields["_num_labels"] = 2
    marked.fields["_flash_attn_2_enabled"] = true
    marked.fields["output_past"] = true
    marked.fields["nobody_knows_this"] = NSNull()
    marked.fields["attention_bias"] = NSNull()
    let opened = try marked.opened()
    #expect(opened.marks.sorted() == ["_flash_attn_2_enabled", "unsloth_fixed"])
    #expect(opened.notes.count == 1 && opened.notes[0].contains("unsloth_fixed"))
    #expect(try marked.logits() == plain)
  }

  @Test func `a stored head that differs from the tied embedding is read, with a note`() throws {
    let plain = try Copy("opt").logits()
    let tied = try Copy("opt")
    let embedding = try #require(tied.tensors["model.decoder.embed_tokens.weight"])
    tied.tensors["lm_head.weight"] = (embedding.shape, embedding.values.map { -$0 })
    let opened = try tied.opened()
    #expect(opened.notes.count == 1)
    #expect(opened.notes[0].contains("lm_head.weight"))
    #expect(opened.notes[0].contains("model.decoder.embed_tokens.weight"))
    #expect(try tied.logits() == plain.map { -$0 })
  }

  @Test func `a model without a tied head needs one of its own, by name`() throws {
    let bare = try Copy("llama_3")
    bare.tensors["lm_head.weight"] = nil
    expectRefusal(["lm_head.weight", "no tensor"]) { try bare.opened() }
  }

  // MARK: Refusals

  @Test(arguments: [
    ("llama_3", "rms_norm_epsilon", "rms_norm_eps"), ("falcon_new", "num_kv_head", "num_kv_heads"),
    ("gptj", "rotary_dims", "rotary_dim"), ("gemma3_linear", "sliding_windows", "sliding_window"),
  ])
  func `a field that nobody knows and that could mean something is refused with the nearest known`(
    name: String, field: String, near: String
  ) throws {
    let copy = try Copy(name)
    copy.fields[field] = 3
    expectRefusal(["config.json", field, "\(near) (did you mean that?)"]) { try copy.opened() }
  }

  @Test func `quantised weights are refused by their field`() throws {
    let copy = try Copy("llama_3")
    copy.fields["quantization_config"] = ["quant_method": "gptq", "bits": 4]
    expectRefusal(["quantization_config", "GGUF"]) { try copy.opened() }
  }

  @Test func `rotary scalings that are not known or not whole are refused by their fields`() throws
  {
    func refuse(_ scaling: [String: Any], _ terms: String...) throws {
      let copy = try Copy("llama_3")
      copy.fields["rope_scaling"] = scaling
      expectRefusal(terms) { try copy.opened() }
    }
    try refuse(["rope_type": "spiral"], "rope_scaling", "spiral", "yarn")
    try refuse(["rope_type": "linear"], "rope_scaling.factor")
    try refuse(["rope_type": "linear", "factor": 0], "rope_scaling.factor")
    try refuse(["rope_type": "linear", "factor": 2, "facter": 3], "facter")
    try refuse(["rope_type": "llama3", "factor": 8, "low_freq_factor": 1], "high_freq_factor")
    try refuse(
      ["rope_type": "longrope", "short_factor": [1, 2], "long_factor": [1, 2]],
      "rope_scaling.short_factor", "8")
    try refuse(["rope_type": "yarn", "factor": -1], "rope_scaling.factor")
  }

  @Test(arguments: [
    ("llama_3", "num_attention_heads", 3), ("falcon_new", "num_kv_heads", 3),
    ("bloom_six_heads", "n_head", 5), ("gptj", "n_head", 5), ("opt", "num_attention_heads", 3),
    ("gptj", "rotary_dim", 64), ("mixtral", "num_experts_per_tok", 9),
    ("qwen3_moe_dense", "num_experts_per_tok", 9),
  ])
  func `numbers that do not fit each other are refused by their field`(
    name: String, field: String, value: Int
  ) throws {
    let copy = try Copy(name)
    copy.fields[field] = value
    expectRefusal(["config.json", field]) { try copy.opened() }
  }

  @Test(arguments: FamilyFolder.carried)
  func `a tensor that is missing or of another shape or left over is refused by name`(
    folder: FamilyFolder
  ) throws {
    let names = try Copy(folder.name).tensors.keys.sorted()
    for name in [names[0], names[names.count / 2], names[names.count - 1]] {
      let missing = try Copy(folder.name)
      let tensor = try #require(missing.tensors[name])
      missing.tensors[name] = nil
      expectRefusal([name]) { try missing.opened() }
      let wrong = try Copy(folder.name)
      wrong.tensors[name] = ([tensor.values.count, 1, 1], tensor.values)
      expectRefusal([name, "\(tensor.shape)"]) { try wrong.opened() }
    }
    let more = try Copy(folder.name)
    more.tensors["left.over"] = ([1], [0])
    expectRefusal(["left.over", "no use for"]) { try more.opened() }
  }
}
