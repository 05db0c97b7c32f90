import Checkpoints
import Foundation
import Inputs
import Testing
import _TestSupport

extension EndToEnd {
  /// What a person and a script see of one specification's run.
  @Suite(.serialized, .timeLimit(.minutes(20)))
  struct Intervening {
    private func tool(_ arguments: [String], ranks: Int? = nil) async throws -> ToolRun {
      try await RunningTool(arguments, ranks: ranks).end()
    }

    private func json(_ arguments: [String]) async throws -> JSONField {
      let ended = try await tool(arguments + ["--json"])
      #expect(ended.code == 0, "\(ended.errors)")
      return JSONField(
        try JSON.parse(Array(ended.output.utf8), file: "output", kind: .store), file: "output",
        kind: .store)
    }

    /// An interchange of " Marlow" in the residual stream of a random model with words.
    private func interchange(
      _ bench: Workbench, kind: String = "forward", type: String = "VanillaIntervention",
      _ more: String = ""
    ) throws -> String {
      try bench.put(
        """
        kind = "\(kind)"
        model = "\(bench.path("model"))"
        \(more)
        [base]
        prompts = ["The tower of Marlow stands in"]
        [[sources]]
        prompts = ["The queen of Sable stands in"]
        [[representations]]
        layer = 1
        component = "block_output"
        unit = "pos"
        max_number_of_units = 1
        intervention_type = "\(type)"
        [unit_locations]
        "sources->base" = 3
        """, "spec.toml")
      return bench.path("spec.toml")
    }

    /// The softmax of a row of logits.
    private func probabilities(_ logits: [Float]) -> [Double] {
      let most = Double(logits.max() ?? 0)
      let powers = logits.map { exp(Double($0) - most) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    }

    @Test func `the top answers of both runs stand with the probabilities that the logits give`()
      async throws
    {
      let bench = try Workbench()
      let (spec, output) = (try interchange(bench), bench.path("out.safetensors"))
      let told = try await json(["intervene", spec, "-o", output, "--at", "3,-1", "--top", "4"])
      let file = try SafetensorsFile(output, kind: .job)
      let width = try #require(try file.tensor("out.original.logits").shape.last)
      let (before, after) = (
        try file.floats("out.original.logits"), try file.floats("out.intervened.logits")
      )
      let answers = try told["answers"].items()
      let last = before.count / width - 1
      #expect(try answers.map { try $0["position"].int() } == [3, last])
      for answer in answers {
        let row = try answer["position"].int() * width..<(try answer["position"].int() + 1) * width
        let (own, changed) = (Array(before[row]), Array(after[row]))
        let (p, q) = (probabilities(own), probabilities(changed))
        func top(_ p: [Double]) -> Set<Int> {
          Set(p.indices.sorted { p[$0] > p[$1] }.prefix(4))
        }
        let choices = try answer["top"].items()
        #expect(try Set(choices.map { try $0["id"].int() }) == top(p).union(top(q)))
        var shown: [Double] = []
        for choice in choices {
          let id = try choice["id"].int()
          #expect(try abs(choice["probability_before"].double() - p[id]) < 1e-6)
          #expect(try abs(choice["probability_after"].double() - q[id]) < 1e-6)
          #expect(try Float(choice["logit_before"].double()) == own[id])
          #expect(try Float(choice["logit_after"].double()) == changed[id])
          shown.append(max(p[id], q[id]))
        }
        #expect(zip(shown, shown.dropFirst()).allSatisfy { $0 >= $1 - 1e-9 })
      }
      let inputs = try told["inputs"].items()
      #expect(try inputs.map { try $0["name"].string() } == ["base", "source 0"])
      #expect(try inputs.map { try $0["touched"].integers() } == [[3], [3]])
      #expect(try inputs[0]["tokens"].items()[3].string() == " Marlow")
    }

    @Test func `without a file to write the screen shows tokens in words, marked and with bars`()
      async throws
    {
      let bench = try Workbench()
      let ended = try await tool(["intervene", try interchange(bench), "--top", "2"])
      #expect(ended.code == 0, "\(ended.errors)")
      let output = ended.output
      #expect(output.contains("VanillaIntervention  block_output of layer 1  position 3, source 0"))
      #expect(output.contains("The tower of[ Marlow] stands in"), "\(output)")
      #expect(output.contains("The queen of[ Sable] stands in"))
      #expect(output.contains("at position 5, \" in\""))
      let heading = output.split(separator: "\n").first { $0.contains("before") }
      #expect(heading?.contains("change") == true && heading?.contains("logit") == true)
      #expect(output.split(separator: "\n").count { $0.contains(" %") } >= 2)
      #expect(!output.contains("\u{1B}"))
    }

    @Test func `what expected leaves out is run for the screen alone, and is not written`()
      async throws
    {
      let bench = try Workbench()
      let spec = try interchange(bench, "expected = [\"intervened.logits\"]")
      let alone = try await json(["intervene", spec])
      let choice = try alone["answers"].items()[0]["top"].items()[0]
      #expect(try choice.optional("probability_before") != nil)
      let output = bench.path("out.safetensors")
      let beside = try await json(["intervene", spec, "-o", output])
      let other = try beside["answers"].items()[0]["top"].items()[0]
      #expect(try other.optional("probability_before") == nil)
      #expect(
        try SafetensorsFile(output, kind: .job).tensors.keys.sorted() == [
          "out.intervened.logits"
        ])
    }

    @Test func `generated text stands as text, with where it parts`() async throws {
      let bench = try Workbench()
      let spec = try interchange(
        bench, kind: "generate", type: "AdditionIntervention",
        "generate = { max_new_tokens = 6, intervene_on_prompt = true }")
      let told = try await json(["intervene", spec])
      let one = try told["continuations"].items()[0]
      #expect(try one["prompt"].string() == "The tower of Marlow stands in")
      let (a, b) = (try one["original_ids"].integers(), try one["intervened_ids"].integers())
      #expect(a.count == 6 && b.count == 6)
      let parts = try one.optional("parts_after")?.int()
      #expect(parts == (a == b ? nil : zip(a, b).prefix { $0 == $1 }.count))
      let ended = try await tool(["intervene", spec])
      for label in ["prompt", "original", "intervened"] {
        #expect(ended.output.split(separator: "\n").contains { $0.hasPrefix(label) })
      }
      #expect(ended.output.contains(a == b ? "the same" : "they part after"))
      let refused = try await tool(["intervene", spec, "--at", "last"])
      #expect(refused.code == 2 && refused.errors.contains("--at"), "\(refused.errors)")
      let picture = try await tool(["intervene", spec, "--png", bench.path("a.png")])
      #expect(picture.code == 2 && !bench.has("a.png"), "\(picture.errors)")
    }

    @Test func `collected attention is summed up and drawn, and no picture is replaced unasked`()
      async throws
    {
      let bench = try Workbench()
      let spec = try interchange(bench, type: "CollectIntervention")
      let text = try String(contentsOfFile: spec, encoding: .utf8)
        .replacing("block_output", with: "attention_weight").replacing("\"pos\"", with: "\"h\"")
        .replacing("\"sources->base\" = 3", with: "base = [[[1, 2]]]")
        .replacing("[[sources]]\nprompts = [\"The queen of Sable stands in\"]\n", with: "")
      try bench.put(text, "spec.toml")
      let (output, png) = (bench.path("out.safetensors"), bench.path("maps.png"))
      let told = try await json(["intervene", spec, "-o", output])
      let one = try told["collected"].items()[0]
      let file = try SafetensorsFile(output, kind: .job)
      let values = try file.floats("out.collected.0").map { Double($0) }
      #expect(try one["shape"].integers() == file.tensor("out.collected.0").shape)
      #expect(try one["intervention"].int() == 0)
      let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(try abs(one["norm"].double() - norm) < 1e-9)
      #expect(try one["min"].double() == values.min() && one["max"].double() == values.max())
      let drawn = try await tool(["intervene", spec, "--png", png])
      #expect(drawn.code == 0, "\(drawn.errors)")
      for head in [1, 2] {
        #expect(drawn.output.contains("Attention of layer 1, head \(head)"), "\(drawn.output)")
      }
      let picture = try Data(contentsOf: URL(fileURLWithPath: png))
      #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
      let again = try await tool(["intervene", spec, "--png", png])
      #expect(again.code == 2 && again.errors.contains("--force"), "\(again.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: png)) == picture)
      let forced = try await tool(["intervene", spec, "--png", png, "--force"])
      #expect(forced.code == 0, "\(forced.errors)")
      let held = try await tool(["intervene", spec, "-o", output])
      #expect(held.code == 2 && held.errors.contains("--force"), "\(held.errors)")
    }

    @Test(arguments: [["--at", "9"], ["--at", "lastt"], ["--at", ""], ["--top", "0"]])
    func `a position or a number that cannot be is refused before anything runs`(
      option: [String]
    ) async throws {
      let bench = try Workbench()
      let ended = try await tool(["intervene", try interchange(bench)] + option)
      #expect(ended.code == 2 && ended.errors.contains(option[0]), "\(ended.errors)")
      #expect(ended.output.isEmpty)
    }

    private static let goldens = SharedMaterial.root?.appendingPathComponent("goldens")

    private static func golden(_ name: String) throws -> [String] {
      let root = try #require(goldens)
      return [
        root.appendingPathComponent("scenarios/\(name).json").path, "--models",
        root.appendingPathComponent("models").path,
      ]
    }

    @Test(.enabled(if: SharedMaterial.isPresent))
    func `a training shows its losses and how many numbers it trained, on ranks the same text`()
      async throws
    {
      let arguments = ["intervene"] + (try Self.golden("das_train__gpt2_RotatedSpace"))
      let scratch = FileManager.default.temporaryDirectory
        .appendingPathComponent("train-\(UUID().uuidString).safetensors").path
      defer { try? FileManager.default.removeItem(atPath: scratch) }
      let told = try await json(arguments + ["-o", scratch])
      let losses = try SafetensorsFile(scratch, kind: .job).floats("out.losses")
      #expect(try told["losses"].items().map { Float(try $0.double()) } == losses)
      let width = try told["interventions"].items()[0]["width"].int()
      #expect(try told["trained"].int() == width * width)
      let micro = arguments + ["--microbatch", "1"]
      let alone = try await tool(micro)
      #expect(alone.code == 0 && alone.output.contains("trained \(width * width) parameters"))
      #expect(alone.output.contains("loss "), "\(alone.output)")
      let ranked = try await tool(micro, ranks: 2)
      #expect(ranked.code == 0, "\(ranked.errors)")
      #expect(ranked.output == alone.output)
    }

    @Test(.enabled(if: SharedMaterial.isPresent))
    func `a gradient shows its loss, and the norm of each tensor`() async throws {
      let arguments = ["intervene"] + (try Self.golden("das_gradient__gpt2_RotatedSpace"))
      let scratch = FileManager.default.temporaryDirectory
        .appendingPathComponent("gradient-\(UUID().uuidString).safetensors").path
      defer { try? FileManager.default.removeItem(atPath: scratch) }
      let told = try await json(arguments + ["-o", scratch])
      let file = try SafetensorsFile(scratch, kind: .job)
      #expect(try Float(told["loss"].double()) == file.floats("out.loss")[0])
      let tensors = try told["tensors"].items()
      #expect(!tensors.isEmpty)
      for tensor in tensors {
        let values = try file.floats("out." + tensor["name"].string()).map { Double($0) }
        let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(try abs(tensor["norm"].double() - norm) <= 1e-9 * norm)
      }
    }

    @Test(.enabled(if: SharedMaterial.isPresent))
    func `classes are shown as classes, once an example`() async throws {
      let name = "resnet_channels__resnet_basic_stage-1-layer-0-block-output"
      let told = try await json(["intervene"] + (try Self.golden(name)))
      let answers = try told["answers"].items()
      let positions = try answers.compactMap { try $0.optional("position") }
      #expect(!answers.isEmpty && positions.isEmpty)
      let ended = try await tool(["intervene"] + (try Self.golden(name)))
      let first = try answers[0]["top"].items()[0]["id"].int()
      #expect(ended.output.contains("class \(first) "), "\(ended.output)")
    }
  }
}
