import Checkpoints
import Foundation
import Testing

extension EndToEnd {
  /// `causeway intervene`, `help spec` and `sites` as a user runs them.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct Interventions {
    private static let spec = """
      {"model": "model", "representations": {"layer": 1, "component": "block_output",
        "source_representation": "row"},
       "base": {"input_ids": [[1, 2, 3, 9]]}, "unit_locations": {"base": 2}}
      """

    private func bench() throws -> Workbench {
      let bench = try Workbench()
      try bench.put(Self.spec, "spec.json")
      var writer = SafetensorsWriter()
      let width = try #require(
        try SafetensorsFile(bench.path("model/model.safetensors")).tensors["ln_f.bias"]?
          .shape.first)
      writer.add("in.row", shape: [width], [Float](repeating: 0.5, count: width))
      try writer.write(to: bench.path("spec.safetensors"))
      return bench
    }

    private func tool(_ words: [String], ranks: Int? = nil) async throws -> ToolRun {
      try await RunningTool(words, ranks: ranks).end()
    }

    @Test func `an output replaces nothing without force, and an input never`() async throws {
      let bench = try bench()
      let (spec, output) = (bench.path("spec.json"), bench.path("out.safetensors"))
      let tensors = try Data(contentsOf: URL(fileURLWithPath: bench.path("spec.safetensors")))
      let first = try await tool(["intervene", spec, "-o", output])
      #expect(first.code == 0, "\(first.errors)")
      let second = try await tool(["intervene", spec, "-o", output])
      #expect(second.code == 2 && second.errors.contains("--force"), "\(second.errors)")
      #expect(try await tool(["intervene", spec, "-o", output, "--force"]).code == 0)
      try FileManager.default.createSymbolicLink(
        atPath: bench.path("link.safetensors"), withDestinationPath: bench.path("spec.safetensors"))
      for input in [
        "spec.safetensors", "spec.json", "model/config.json", "model/model.safetensors",
        "link.safetensors",
      ] {
        let ended = try await tool(["intervene", spec, "-o", bench.path(input), "--force"])
        #expect(
          ended.code == 2 && ended.errors.contains("never replaced"), "\(input): \(ended.errors)")
      }
      try FileManager.default.copyItem(
        atPath: bench.path("spec.safetensors"), toPath: bench.path("other.safetensors"))
      try bench.put(
        Self.spec.replacing("\"row\"", with: "\"other.safetensors:in.row\""), "named.json")
      for (option, input) in [
        ("-o", "other.safetensors"), ("--png", "named.json"), ("--svg", "other.safetensors"),
      ] {
        let ended = try await tool(
          ["intervene", bench.path("named.json"), option, bench.path(input), "--force"])
        #expect(
          ended.code == 2 && ended.errors.contains("never replaced"), "\(option): \(ended.errors)")
      }
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: bench.path("spec.safetensors"))) == tensors)
    }

    @Test func `a folder of interventions is not replaced without force`() async throws {
      let bench = try bench()
      let spec = bench.path("spec.json")
      func save(_ name: String, _ more: String...) async throws -> ToolRun {
        try await tool(
          [
            "intervene", spec, "-o", bench.path("\(UUID()).safetensors"), "--save",
            bench.path(name),
          ]
            + more)
      }
      #expect(try await save("saved").code == 0)
      let again = try await save("saved")
      #expect(again.code == 2 && again.errors.contains("--force"), "\(again.errors)")
      #expect(try await save("saved", "--force").code == 0)
      let model = try await save("model", "--force")
      #expect(model.code == 2 && model.errors.contains("never replaced"), "\(model.errors)")
      // A specification under the name that a folder's descriptions have.
      try FileManager.default.createDirectory(
        atPath: bench.path("own"), withIntermediateDirectories: false)
      let own = bench.path("own/interventions.json")
      let spelled = Self.spec.replacing("\"model\": \"model\"", with: "\"model\": \"../model\"")
      try bench.put(spelled.replacing("\"row\"", with: "\"zeros\""), "own/interventions.json")
      let itself = try await tool(["intervene", own, "--save", bench.path("own"), "--force"])
      #expect(itself.code == 2 && itself.errors.contains("never replaced"), "\(itself.errors)")
    }

    @Test func `positions from the end need no sign of their own`() async throws {
      let bench = try bench()
      let last = try await tool(["intervene", bench.path("spec.json"), "--at", "-1"])
      #expect(last.code == 0 && last.output.contains("at position 3"), "\(last.errors)")
    }

    @Test func `ranks that would all do the same are refused`() async throws {
      let bench = try bench()
      let words = ["intervene", bench.path("spec.json"), "-o", bench.path("out.safetensors")]
      let ended = try await tool(words, ranks: 2)
      #expect(ended.code == 2 && ended.errors.contains("--microbatch EXAMPLES"), "\(ended.errors)")
      #expect(!bench.has("out.safetensors"))
      #expect(try await tool(words, ranks: 1).code == 0)
      let cut = try await tool(words + ["--force", "--microbatch", "1"], ranks: 2)
      #expect(cut.code == 3 && cut.errors.contains("gradients and training"), "\(cut.errors)")
    }

    @Test func `jobs and specifications are sent to the command that runs them`() async throws {
      let bench = try bench()
      let run = try await tool(["run", bench.path("spec.json"), "-o", bench.path("run")])
      #expect(run.code == 3 && run.errors.contains("causeway intervene"), "\(run.errors)")
      let job = try await tool(
        ["intervene", bench.path("job.toml"), "-o", bench.path("out.safetensors")])
      #expect(job.code == 3 && job.errors.contains("causeway run"), "\(job.errors)")
    }

    @Test func `the manual of specifications is shown, in both forms`() async throws {
      let text = try await tool(["help", "spec"])
      #expect(text.code == 0 && text.output.contains("[[representations]]"))
      let page = try await tool(["help", "spec", "--markdown"])
      #expect(page.code == 0 && page.output.hasPrefix("# Fields of specifications"))
    }

    @Test func `sites that work are all listed, with their modules`() async throws {
      let bench = try bench()
      let listed = try await tool(["sites", bench.path("model")])
      for site in [
        "residual_middle", "qkv_output", "mlp_preactivation", "final_norm_output", "logits",
        "token_embedding_output", "position_embedding_output",
      ] {
        let line = listed.output.split(separator: "\n").first { $0.hasPrefix("\(site) ") }
        #expect(line != nil, "\(site)")
        if site != "residual_middle" { #expect(line?.hasSuffix(" -") == false, "\(line ?? "")") }
        try bench.put(
          Self.spec.replacing("block_output", with: site).replacing(
            "\"layer\": 1", with: "\"layer\": 0"
          )
          .replacing(
            "\"source_representation\": \"row\"",
            with:
              "\"intervention_type\": \"ZeroIntervention\""), "site.json")
        let ended = try await tool(
          ["intervene", bench.path("site.json"), "-o", bench.path("\(site).safetensors")])
        #expect(ended.code == 0, "\(site): \(ended.errors)")
      }
    }
  }
}
