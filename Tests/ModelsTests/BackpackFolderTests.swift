import Autodiff
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

struct BackpackFolderTests {
  private static let fields = [
    "\"model_type\": \"gpt2\"", "\"architectures\": [\"BackpackGPT2LMHeadModel\"]",
    "\"n_embd\": 4", "\"n_head\": 2", "\"n_layer\": 2", "\"n_positions\": 4",
    "\"vocab_size\": 5", "\"layer_norm_epsilon\": 1e-5",
    "\"activation_function\": \"gelu_new\"", "\"num_senses\": 2",
    "\"sense_intermediate_scale\": 2",
  ]

  private func folder(
    _ change: (inout [String], inout [(name: String, shape: [Int])]) -> Void
  ) throws -> ModelFolder {
    var shape = BackpackShape.tiny
    shape.decoder.blocks = [shape.decoder.blocks[0], shape.decoder.blocks[0]]
    var fields = Self.fields
    var tensors = shape.weights.map { (name: $0.name, shape: $0.size) }
    change(&fields, &tensors)
    return try ModelFolder(config: "{\(fields.joined(separator: ", "))}", tensors: tensors)
  }

  @Test func `attention is scaled by layer unless the configuration says otherwise`() throws {
    func scales(_ extra: [String]) throws -> [Float] {
      let folder = try folder { fields, _ in fields += extra }
      guard case .standalone(let shape as BackpackShape, _) = try folder.opened().contents
      else { return [] }
      return shape.decoder.blocks.map(\.attention.scale)
    }
    let scale = 1 / Float(2).squareRoot()
    #expect(try scales([]) == [scale, scale / 2])
    #expect(try scales(["\"scale_attn_by_inverse_layer_idx\": false"]) == [scale, scale])
  }

  @Test(arguments: ["backpack.word_embeddings.weight", "lm_head.weight"])
  func `the token embedding is found under each of its names`(alias: String) throws {
    let plain = try folder { _, _ in }
    let renamed = try folder { _, tensors in
      tensors = tensors.map {
        $0.name == "backpack.gpt2_model.wte.weight" ? (alias, $0.shape) : $0
      }
    }
    let opened = try renamed.opened()
    let ids = ModelInputs<Float>.tokens([[1, 4, 2]])
    #expect(
      try opened.load().run(ids, on: Tape(), visit: nil).value.elements
        == plain.opened().load().run(ids, on: Tape(), visit: nil).value.elements)
  }

  @Test func `a Backpack without one of its weights or fields is refused by name`() throws {
    let withoutSenses = try folder { _, tensors in
      tensors.removeAll { $0.name == "backpack.sense_network.final_mlp.c_proj.weight" }
    }
    expectRefusal(["backpack.sense_network.final_mlp.c_proj.weight", "no tensor"]) {
      try withoutSenses.opened()
    }
    let withoutBlock = try folder { _, tensors in
      tensors.removeAll { $0.name == "backpack.gpt2_model.h.1.attn.c_attn.bias" }
    }
    expectRefusal(["backpack.gpt2_model.h.1.attn.c_attn.bias", "no tensor"]) {
      try withoutBlock.opened()
    }
    let tooMany = try folder { fields, _ in
      fields.removeAll { $0.hasPrefix("\"num_senses\"") }
      fields.append("\"num_senses\": 5")
    }
    expectRefusal(["config.json: num_senses", "the number 5", "1 to 4"]) {
      try tooMany.opened()
    }
    let plainGPT2 = try folder { fields, _ in
      fields.removeAll { $0.hasPrefix("\"architectures\"") }
    }
    expectRefusal(["config.json: num_senses", "unknown field"]) {
      try plainGPT2.opened()
    }
  }
}
