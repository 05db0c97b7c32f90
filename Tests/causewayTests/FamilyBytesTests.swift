import Checkpoints
import Foundation
import Models
import Testing
import _TestSupport

extension EndToEnd {
  /// Every family gives the same bytes on any number of ranks.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct FamilyBytes {
    struct Family: Sendable, CustomTestStringConvertible {
      let model: SmallFamily
      var testDescription: String { model.name }
    }

    /// What keeps a family from a dump, whose documents are tokens and whose model is one stack.
    static let undumped: [String: String] = [
      "vit": "reads images", "resnet": "reads images", "whisper": "reads sounds",
      "t5": "is two stacks, run on pairs of texts", "mlp": "reads vectors",
      "gru": "is no stack of blocks", "backpack": "is no single stack of blocks",
    ]
    static let dumped = SmallFamily.all.filter { undumped[$0.name] == nil }.map(Family.init)
    static let others = SmallFamily.all.filter { undumped[$0.name] != nil }.map(Family.init)

    @Test func `every family that can be opened is among them, and those without a dump are named`()
    {
      let known =
        Models.Family.all.map(\.modelType) + EncoderDecoderFamily.all.map(\.modelType)
        + StandaloneFamily.all.map(\.modelType)
      let all = SmallFamily.all.map(\.modelType)
      #expect(Set(known) == Set(all))
      #expect(Set(Self.others.map(\.model.name)) == Set(Self.undumped.keys))
    }

    /// Enough rows for three shards.
    private static let documents = (0..<14).map { number in
      (0..<2 + number % 3).map { (11 * number + 5 * $0 + 1) % SmallFamily.vocabulary }
    }

    private func inFolder(_ body: (URL) async throws -> Void) async throws {
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("family-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try await body(folder)
    }

    /// The digests of what a run gave that must not depend on how it was run.
    private func digests(_ run: URL) throws -> [String: String] { try RunTree(run.path).digests() }

    @Test(arguments: dumped)
    func `a dump is the same files on one rank and three`(family: Family) async throws {
      try await inFolder { folder in
        try family.model.write(to: folder.appendingPathComponent("model"))
        let job = folder.appendingPathComponent("job.toml")
        try Data(
          """
          kind = "dump"
          [model]
          path = "model"
          [data]
          items = \(Self.documents)
          [dump]
          sites = ["block_output", "head_value_output"]
          layers = [1]
          """.utf8
        ).write(to: job)
        var first: [String: String]?
        for ranks in [1, 3] {
          let run = folder.appendingPathComponent("run-\(ranks)")
          let ended = try await RunningTool(["run", job.path, "-o", run.path], ranks: ranks).end()
          #expect(ended.code == 0, "\(ended.errors)")
          let found = try digests(run)
          #expect(found.keys.contains { $0.hasPrefix("activations.zarr/") })
          #expect(found == first ?? found, "\(ranks) ranks")
          first = first ?? found
        }
      }
    }

    @Test(arguments: others)
    func `gradients by examples over ranks are the same file on one rank and three`(
      family: Family
    ) async throws {
      try await inFolder { folder in
        try family.model.write(to: folder.appendingPathComponent("model"))
        let spec = folder.appendingPathComponent("spec.json")
        let reading = Reading(family.model.name)
        try reading.tensors.write(to: folder.appendingPathComponent("spec.safetensors").path)
        try Data(
          """
          {"kind": "gradient", "wrt": "interventions", "model": "\(folder.path)/model",
           "representations": [
             {"layer": 0, "component": "\(reading.site)", "unit": "\(reading.unit)",
              "intervention_type": "SigmoidMaskIntervention",
              "params": {"mask": "mask", "temperature": "temperature"}}],
           "base": \(reading.base), "sources": [\(reading.source)],
           "unit_locations": {"sources->base": 0}, "labels": "labels"}
          """.utf8
        ).write(to: spec)
        var first: Data?
        for ranks in [1, 3] {
          let output = folder.appendingPathComponent("out-\(ranks).safetensors")
          let ended = try await RunningTool(
            ["intervene", spec.path, "--microbatch", "1", "-o", output.path], ranks: ranks
          ).end()
          #expect(ended.code == 0, "\(ended.errors)")
          let found = try Data(contentsOf: output)
          #expect(found == first ?? found, "\(ranks) ranks")
          first = first ?? found
        }
        let given = try SafetensorsFile(folder.appendingPathComponent("out-1.safetensors").path)
        #expect(try given.floats("out.grad.0.mask").contains { $0 != 0 })
      }
    }

    @Test(arguments: [
      ("backpack", "block_output", "pos", true), ("gpt2", "block_output", "pos", false),
      ("gpt2", "token_embedding_output", "pos", true), ("gru", "cell_output", "t", false),
    ])
    func `plan says where runs with interventions are full passes`(
      name: String, site: String, unit: String, isWhole: Bool
    ) async throws {
      let model = try #require(SmallFamily.all.first { $0.name == name })
      try await inFolder { folder in
        try model.write(to: folder.appendingPathComponent("model"))
        let examples = (0..<8).map {
          #"{"base": [\#($0), 2, 7], "source": [5, \#($0), 1], "label": \#($0 % 3)}"#
        }
        try Data((examples.joined(separator: "\n") + "\n").utf8).write(
          to: folder.appendingPathComponent("examples.jsonl"))
        let job = folder.appendingPathComponent("job.toml")
        try Data(
          """
          kind = "das"
          [model]
          path = "model"
          [data]
          train = "examples.jsonl"
          development = "examples.jsonl"
          test = "examples.jsonl"
          [[interventions]]
          intervention_type = "LowRankRotatedSpaceIntervention"
          component = "\(site)"
          unit = "\(unit)"
          low_rank_dimension = 2
          layer = 0
          position = 1
          [train]
          batch = 4
          epochs = 2
          learning_rate = 0.01
          """.utf8
        ).write(to: job)
        let plan = try await RunningTool(["plan", job.path], ranks: nil).end()
        #expect(plan.code == 0, "\(plan.errors)")
        #expect(plan.output.contains("full passes") == isWhole, "\(plan.output)")
      }
    }

    /// Three examples and three sources as a family reads them, and a site to exchange a part of.
    struct Reading {
      private(set) var tensors = SafetensorsWriter()
      private(set) var base = ""
      private(set) var source = ""
      let site: String
      let unit: String

      init(_ name: String) {
        let width: Int
        switch name {
        case "gru": (site, unit, width) = ("cell_output", "t", 8)
        case "t5": (site, unit, width) = ("decoder_block_output", "pos", 12)
        case "whisper": (site, unit, width) = ("decoder_block_output", "pos", 8)
        // Its positions are single numbers of the channels.
        case "resnet":
          (site, unit, width) = ("resnet.encoder.stages[0].layers[0].output", "pos", 1)
        default: (site, unit, width) = ("block_output", "pos", 8)
        }
        var random = SeededRandom(seed: 9)
        func floats(_ shape: [Int]) -> [Float] {
          (0..<shape.reduce(1, *)).map { _ in Float(random.next() % 1000) / 500 - 1 }
        }
        let tokens = ["[[3, 17, 5], [8, 1, 4], [11, 6, 39]]", "[[9, 2, 5], [8, 8, 0], [1, 30, 3]]"]
        let shape: [Int]? =
          switch name {
          case "vit": [3, 2, 4, 4]
          case "resnet": [3, 2, 16, 16]
          case "whisper": [3, 3, 10]
          case "mlp": [3, 1, 8]
          default: nil
          }
        let fields = ["base", "source"].enumerated().map { number, side in
          if let shape { tensors.add("in.\(side)", shape: shape, floats(shape)) }
          return switch name {
          case "vit", "resnet": #"{"pixel_values": "\#(side)"}"#
          case "whisper":
            #"{"input_features": "\#(side)", "decoder_input_ids": \#(tokens[number])}"#
          case "t5":
            #"{"input_ids": [[2, 9], [7, 7], [1, 0]], "decoder_input_ids": \#(tokens[number])}"#
          case "mlp": #"{"inputs_embeds": "\#(side)"}"#
          default: #"{"input_ids": \#(tokens[number])}"#
          }
        }
        (base, source) = (fields[0], fields[1])
        tensors.add("in.labels", shape: [3], [1, 0, 3] as [Int])
        tensors.add("in.mask", shape: [width], floats([width]))
        tensors.add("in.temperature", shape: [], [0.5] as [Float])
      }
    }
  }
}
