import Checkpoints
import Foundation
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Specifications whose inputs are images.
struct ImageSpecTests {
  /// A folder with a small random ResNet and a specification beside it, removed at the end.
  private final class Folder {
    let root: URL

    init() throws {
      root = FileManager.default.temporaryDirectory
        .appendingPathComponent("images-\(UUID().uuidString)")
      let folder = root.appendingPathComponent("models/tiny")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let config = """
        {"model_type": "resnet", "architectures": ["ResNetForImageClassification"],
         "num_channels": 2, "embedding_size": 4, "hidden_sizes": [4, 6], "depths": [2, 1],
         "layer_type": "basic", "num_labels": 3}
        """
      try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
      try ResNetModel<Float>.random(ResNetShape.small[0]).weights
        .write(to: folder.appendingPathComponent("model.safetensors").path)
      var writer = SafetensorsWriter()
      for (number, name) in ["base", "source"].enumerated() {
        let values = RunSupport.random([2, 2, 24, 16], seed: 5 + UInt64(number))
        writer.add("in.\(name)", shape: values.shape, values.elements)
      }
      writer.add("in.flat", shape: [2, 4], [Float](repeating: 0, count: 8))
      writer.add("in.narrow", shape: [2, 1, 4, 4], [Float](repeating: 0, count: 32))
      try writer.write(to: root.appendingPathComponent("job.safetensors").path)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func run(_ text: String) throws -> SpecOutputs {
      let path = root.appendingPathComponent("job.json").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try SpecRun(path, options: .init(models: root.appendingPathComponent("models").path))()
    }
  }

  private static func forward(
    component: String = "stage.0.layer.1.block_output", unit: String = "pixel",
    type: String = "VanillaIntervention", base: String = #"{"pixel_values": "base"}"#,
    locations: String, more: String = ""
  ) -> String {
    """
    {"model": "tiny", "representations": [{"component": "\(component)", "unit": "\(unit)",
      "max_number_of_units": 6, "intervention_type": "\(type)"}],
     "base": \(base), "sources": [{"pixel_values": "source"}],
     "unit_locations": \(locations)\(more)}
    """
  }

  @Test func `a rectangle stands for its pixels, row by row`() throws {
    let folder = try Folder()
    func logits(_ locations: String, unit: String = "pixel") throws -> [Float] {
      let outputs = try folder.run(Self.forward(unit: unit, locations: locations))
      return try #require(outputs.floats("intervened.logits")).elements
    }
    // The site is 6 pixels high and 4 wide.
    let patch = #"{"y": 2, "x": 1, "height": 2, "width": 3}"#
    let pixels = "[9, 10, 11, 13, 14, 15]"
    let expected = try logits("{\"sources->base\": [[[\(pixels)]], [[\(pixels)]]]}")
    #expect(try logits("{\"sources->base\": [[[[\(patch)]]], [[[\(patch)]]]]}") == expected)
    #expect(
      try logits("{\"sources->base\": [[[\(pixels), [\(patch)]]], [[[\(patch)], \(pixels)]]]}")
        == expected)
    #expect(
      try logits(#"{"sources->base": [[[[{"y": 2, "x": 1}]]], [[[{"y": 2, "x": 1}]]]]}"#)
        == logits(#"{"sources->base": [[[[9]]], [[[9]]]]}"#))
    #expect(
      try logits(
        "{\"sources->base\": [[[[[1, 3]], [[\(patch)]]]], [[[[1, 3]], [[\(patch)]]]]]}",
        unit: "channel.pixel") != expected)
    #expect(
      try logits(#"{"sources->base": [[[[1, 3]]], [[[1, 3]]]]}"#, unit: "channel")
        == logits(#"{"sources->base": [[[[1, 3]]], [[[1, 3]]]]}"#, unit: "pos"))
  }

  @Test(arguments: [
    ("block_output", "layer\": 1, \"unit"),
    ("resnet.encoder.stages[0].layers[1].output", "unit"),
    ("resnet.encoder.stages.0.layers.1.activation.output", "unit"),
    ("encoder.stages[0].output", "unit"), ("resnet.encoder.stages[1].layers[0].input", "unit"),
  ])
  func `a site is found by its name and by every module that holds its value`(
    component: String, unit: String
  ) throws {
    let folder = try Folder()
    let locations = #"{"sources->base": [[[[2]]], [[[3]]]]}"#
    let text = Self.forward(component: component, locations: locations)
      .replacing("\"unit\"", with: "\"\(unit)\"")
    let expected = try folder.run(Self.forward(locations: locations))
    #expect(
      try folder.run(text).floats("intervened.logits")?.elements
        == expected.floats("intervened.logits")?.elements)
    #expect(expected.floats("original.logits")?.shape == [2, 3])
    #expect(
      expected.floats("original.logits")?.elements
        != expected.floats("intervened.logits")?.elements)
  }

  @Test func `gradients reach weights and leave running statistics alone`() throws {
    let folder = try Folder()
    let outputs = try folder.run(
      Self.forward(
        locations: #"{"sources->base": [[[[2]]], [[[3]]]]}"#,
        more: #", "kind": "gradient", "wrt": "model", "labels": [0, 2]"#))
    #expect(outputs.names.contains("grad.resnet.embedder.embedder.normalization.weight"))
    #expect(!outputs.names.contains { $0.contains("running") })
    let moved = try #require(
      outputs.floats("grad.resnet.encoder.stages.1.layers.0.shortcut.convolution.weight"))
    #expect(moved.shape == [6, 4, 1, 1] && moved.elements.contains { $0 != 0 })
  }

  @Test func `training moves weights and leaves running statistics alone`() throws {
    let folder = try Folder()
    let outputs = try folder.run(
      """
      {"model": "tiny", "kind": "train", "representations": [
        {"component": "embedder_output", "unit": "channel", "intervention_type": "ZeroIntervention"}],
       "train": {"parameters": "model", "lr": 0.01, "steps": 3, "weight_decay": 0.1,
         "batches": [{"base": {"pixel_values": "base"}, "labels": [0, 2],
           "unit_locations": {"base": [[[1], [2]]]}}]}}
      """)
    let losses = try #require(outputs.floats("losses")).elements
    #expect(losses.count == 3 && losses[2] < losses[0])
    #expect(outputs.names.contains("final.classifier.1.weight"))
    #expect(!outputs.names.contains { $0.contains("running") })
  }

  static let refusals: [(String, [String])] = [
    (
      forward(locations: #"{"sources->base": [[[[{"y": 5, "x": 0, "height": 2}]]], [[[0, 1]]]]}"#),
      ["rectangle 2 x 1 at (5, 0)", "6 x 4 pixels of example 0"]
    ),
    (
      forward(locations: #"{"sources->base": [[[[{"y": 0, "z": 0}]]], [[[0]]]]}"#),
      ["\"z\""]
    ),
    (
      forward(locations: #"{"sources->base": [[[[{"y": 0, "x": -1}]]], [[[0]]]]}"#), ["x", "-1"]
    ),
    (
      forward(
        unit: "channel", locations: #"{"sources->base": [[[[{"y": 0, "x": 1}]]], [[[0]]]]}"#),
      ["rectangle", "no pixels"]
    ),
    (
      forward(
        base: #"{"input_ids": [[1], [2]]}"#, locations: #"{"sources->base": [[[[0]]], [[[0]]]]}"#),
      ["base.input_ids", "tokens alone", "images", "[2, height, width]"]
    ),
    (
      forward(
        base: #"{"pixel_values": "flat"}"#, locations: #"{"sources->base": [[[[0]]], [[[0]]]]}"#),
      ["base.pixel_values", "[2, 4]", "[examples, channels, height, width]"]
    ),
    (
      forward(
        base: #"{"pixel_values": "narrow"}"#, locations: #"{"sources->base": [[[[0]]], [[[0]]]]}"#),
      ["base.pixel_values[0]", "[1, 4, 4]", "[2, height, width]"]
    ),
    (
      forward(
        component: "stage.0.layer.3.block_output",
        locations: #"{"sources->base": [[[[0]]], [[[0]]]]}"#),
      ["stage.0.layer.3.block_output", "block_output?)"]
    ),
    (
      forward(
        component: "stage.1.layer.0.block_output", type: "SkipIntervention",
        locations: #"{"sources->base": [[[[0]]], [[[0]]]]}"#),
      ["block_output for SkipIntervention", "the same size"]
    ),
    (
      forward(
        component: "shortcut_convolution_output",
        locations: #"{"sources->base": [[[[0]]], [[[0]]]]}"#),
      ["layer 0", "shortcut_convolution_output", "2 to 2"]
    ),
  ]

  @Test(arguments: refusals)
  func `what does not fit is refused by field`(text: String, terms: [String]) throws {
    let folder = try Folder()
    do {
      _ = try folder.run(text)
      Issue.record("accepted; wanted a refusal with \(terms)")
    } catch let refusal as Refusal {
      for term in terms { #expect(refusal.description.contains(term), "\(refusal): \(term)") }
    }
  }
}
