import Autodiff
import Foundation
import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Models

private let peer = ProcessInfo.processInfo.environment["CAUSEWAY_PEER_PYTHON"]

/// Configurations of small models, with something to run them on.
private let small: [(name: String, config: String, isTokens: Bool)] = [
  (
    "mlp",
    #"{"architectures": ["MLPForClassification"], "model_type": "mlp", "include_emb": false, "n_layer": 3, "h_dim": 8, "activation_function": "relu", "pdrop": 0, "num_classes": 2, "include_bias": true, "squeeze_output": true}"#,
    false
  ),
  (
    "gru classifier of features",
    #"{"architectures": ["GRUForClassification"], "model_type": "gru", "include_emb": false, "vocab_size": 10, "max_position_embeddings": 16, "n_layer": 2, "h_dim": 8, "n_labels": 3, "include_bias": true, "pdrop": 0}"#,
    false
  ),
  (
    "gru language model",
    #"{"architectures": ["GRULMHeadModel"], "model_type": "gru", "include_emb": true, "vocab_size": 10, "max_position_embeddings": 16, "n_layer": 1, "h_dim": 8, "n_labels": 2, "include_bias": true, "pdrop": 0, "tie_word_embeddings": false}"#,
    true
  ),
  (
    "gpt2",
    #"{"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_layer": 2, "n_embd": 8, "n_head": 2, "n_inner": null, "vocab_size": 12, "n_positions": 16, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "tie_word_embeddings": true, "bos_token_id": null, "eos_token_id": null}"#,
    true
  ),
  (
    "llama",
    #"{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 12, "vocab_size": 12, "max_position_embeddings": 16, "hidden_act": "silu", "rms_norm_eps": 1e-06, "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}, "tie_word_embeddings": false, "bos_token_id": null, "eos_token_id": null}"#,
    true
  ),
]

private func newModel(_ config: String) throws -> NewModel {
  let json = try JSON.parse(Array(config.utf8), file: "config.json", kind: .job)
  return try NewModel(JSONField(json, file: "config.json", kind: .job))
}

struct NewModelTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("new-model-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func inputs(isTokens: Bool) -> (inputs: ModelInputs<Float>, json: String) {
    if isTokens {
      let ids = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]]
      return (.tokens(ids), "\(ids)")
    }
    var rows: [[[Float]]] = []
    for example in 0..<2 {
      var row: [Float] = []
      for column in 0..<8 { row.append(Float((column * 7 + example * 3) % 11) / 8 - 0.5) }
      rows.append([row])
    }
    return (.embeddings(rows.map { Tensor<Float>([1, 8], $0[0]) }), "\(rows)")
  }

  @Test(arguments: small.indices)
  func `a model begun from a seed is saved, opened and run to the same bits`(_ index: Int) throws {
    let (name, config, isTokens) = small[index]
    let new = try newModel(config)
    let weights = new.initialWeights(seed: 5)
    #expect(new.parameterCount == weights.all.reduce(0) { $0 + $1.value.count }, "\(name)")
    let inputs = inputs(isTokens: isTokens).inputs
    let model = new.model(weights)
    #expect(model.inputLimits == new.inputLimits)
    let logits = model.run(inputs, on: Tape(), visit: nil).value
    #expect(logits.width == new.answerCount)
    let again = new.model(new.initialWeights(seed: 5)).run(inputs, on: Tape(), visit: nil).value
    #expect(again.elements == logits.elements)
    let other = new.model(new.initialWeights(seed: 6)).run(inputs, on: Tape(), visit: nil).value
    #expect(other.elements != logits.elements)
    try inFolder { folder in
      try new.save(weights, to: folder)
      let opened = try OpenedModel(folder)
      let loaded = try opened.load().run(inputs, on: Tape(), visit: nil).value
      #expect(loaded.elements == logits.elements, "\(name)")
    }
  }

  @Test func `weights begin with the published deviations`() throws {
    let new = try newModel(
      small[3].config.replacingOccurrences(of: "\"n_embd\": 8", with: "\"n_embd\": 64"))
    let weights = new.initialWeights(seed: 1)
    func deviation(_ name: String) throws -> Double {
      let values = try #require(weights[name]).value.elements.map(Double.init)
      return (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    }
    // Five standard errors of a deviation: 5 / √(2n) of it.
    #expect(abs(try deviation("transformer.h.0.mlp.c_fc.weight") - 0.02) < 0.02 * 5 / 181)
    #expect(abs(try deviation("transformer.h.1.mlp.c_proj.weight") - 0.01) < 0.01 * 5 / 181)
    #expect(weights["transformer.h.0.ln_1.weight"]?.value.elements.allSatisfy { $0 == 1 } == true)
    #expect(
      weights["transformer.h.0.attn.c_attn.bias"]?.value.elements.allSatisfy { $0 == 0 } == true)
    let mlp = try newModel(small[0].config).initialWeights(seed: 1)
    let bound = 1 / Float(8).squareRoot()
    for (name, variable) in mlp.pairs {
      #expect(variable.value.elements.allSatisfy { abs($0) <= bound }, "\(name)")
    }
  }

  @Test func `configurations that cannot be built are refused by field`() throws {
    func refuse(_ config: String, _ text: String) {
      do {
        _ = try newModel(config)
        Issue.record("\(config) was taken")
      } catch {
        #expect("\(error)".contains(text), "\(error)")
      }
    }
    refuse(#"{"model_type": "grue"}"#, "model_type")
    refuse(
      small[0].config.replacingOccurrences(of: "\"h_dim\": 8", with: "\"h_dim\": 16777216"),
      "parameters")
    refuse(
      small[3].config.replacingOccurrences(of: "\"n_head\": 2", with: "\"n_head\": 3"), "n_head")
  }

  @Test(
    .enabled(if: peer != nil, "CAUSEWAY_PEER_PYTHON names no Python with pyvene"),
    arguments: small.indices)
  func `the library that a folder is meant for loads it, and gives the same logits`(
    _ index: Int
  ) throws {
    let (name, config, isTokens) = small[index]
    let new = try newModel(config)
    let weights = new.initialWeights(seed: 5)
    let (inputs, json) = inputs(isTokens: isTokens)
    let own = new.model(weights).run(inputs, on: Tape(), visit: nil).value
    try inFolder { folder in
      try new.save(weights, to: folder)
      let script = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        .appendingPathComponent("saved_peer.py").path
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(peer))
      process.arguments = [script, folder, json]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(name)")
      let rows = try #require(try JSONSerialization.jsonObject(with: bytes) as? [[Double]])
      let theirs = rows.flatMap(\.self).map(Float.init)
      #expect(theirs.count == own.count, "\(name)")
      let largest = zip(theirs, own.elements).map { abs($0 - $1) }.max() ?? 0
      #expect(largest < 2e-6, "\(name): \(largest)")
    }
  }
}
