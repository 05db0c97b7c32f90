import Foundation
import Inputs
import Testing
import _TestSupport

extension EndToEnd {
  /// `check`, `plan` and `inspect` of specifications.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct SpecificationCommands {
    static let spec = """
      {"model": "model", "representations": [
         {"layer": 2, "component": "block_output", "unit": "pos", "max_number_of_units": 1,
          "intervention_type": "VanillaIntervention"}],
       "base": {"prompts": ["The tower of Marlow stands in"]},
       "sources": [{"prompts": ["The queen of Sable stands in"]}],
       "unit_locations": {"sources->base": [3, 3]}}
      """

    private func bench() throws -> Workbench {
      let bench = try Workbench()
      try bench.put(Self.spec, "spec.json")
      return bench
    }

    private func tool(_ bench: Workbench, _ arguments: String...) async throws -> ToolRun {
      try await RunningTool(
        [arguments[0], bench.path("spec.json")] + arguments.dropFirst(), ranks: nil
      ).end()
    }

    private func json(_ text: String) throws -> JSONField {
      JSONField(
        try JSON.parse(Array(text.utf8), file: "output", kind: .store), file: "output",
        kind: .store)
    }

    @Test func `check marks the touched tokens, and names each module and width`() async throws {
      let bench = try bench()
      let ended = try await tool(bench, "check", "--models", bench.folder.path)
      #expect(ended.code == 0, "\(ended.errors)")
      #expect(ended.output.contains("The| tower| of|[ Marlow]| stands| in"), "\(ended.output)")
      #expect(ended.output.contains("The| queen| of|[ Sable]| stands| in"))
      #expect(
        ended.output.contains("transformer.h[2].output, unit pos, width 48"), "\(ended.output)")
      #expect(ended.output.contains("ok: 1 example"))
      let told = try json(
        try await tool(bench, "check", "--models", bench.folder.path, "--json").output)
      #expect(try told["inputs"].items().map { try $0["touched"].integers() } == [[3], [3]])
      #expect(try told["interventions"].items()[0]["width"].int() == 48)
    }

    @Test func `check refuses what the run would refuse, and runs nothing`() async throws {
      let bench = try bench()
      try bench.put(Self.spec.replacing("[3, 3]", with: "[3, 9]"), "spec.json")
      let ended = try await tool(bench, "check", "--models", bench.folder.path)
      #expect(ended.code == 3 && ended.errors.contains("unit_locations"), "\(ended.errors)")
      let set = try await tool(bench, "check", "--set", "kind=forward")
      #expect(set.code == 2 && set.errors.contains("--set"), "\(set.errors)")
      let job = try await RunningTool(
        ["check", bench.path("job.toml"), "--models", bench.folder.path], ranks: nil
      ).end()
      #expect(job.code == 2 && job.errors.contains("--models"), "\(job.errors)")
    }

    /// A model of 4 layers, prompts of 6 tokens, a change behind layer 2 at token 3: the source runs to
    /// the value that is read, the base once unchanged, and changed in one layer of 3 tokens.
    @Test func `plan says what the cone spares`() async throws {
      let bench = try bench()
      let told = try json(
        try await tool(bench, "plan", "--models", bench.folder.path, "--json").output)
      #expect(try told["examples"].int() == 1 && told["tokens"].int() == 12)
      #expect(try told["forward_passes"].int() == 3)
      let source = 6 * 3 + 3 * 1 + 3 * 0
      #expect(try told["block_rows"].int() == source + 6 * 4 + 3 * 1)
      let text = try await tool(bench, "plan", "--models", bench.folder.path).output
      #expect(text.contains("instead of 72"), "\(text)")
      #expect(text.contains("GFLOP"))
    }

    @Test func `inspect says in a few lines what a specification holds`() async throws {
      let bench = try bench()
      let ended = try await tool(bench, "inspect")
      #expect(ended.code == 0, "\(ended.errors)")
      let lines = ended.output.split(separator: "\n")
      #expect(lines[0].hasSuffix("specification, forward, of the model \"model\", 1 intervention"))
      #expect(lines[1].contains("VanillaIntervention  block_output of layer 2  pos"))
      #expect(lines[2].contains("base  1 prompts, \"The tower of Marlow stands in\""))
      #expect(lines.count == 4)
      let job = try await RunningTool(["inspect", bench.path("job.toml")], ranks: nil).end()
      #expect(job.output.contains("job, digest"), "\(job.errors)")
    }

    @Test func `inspect says what a run's folder and its store hold`() async throws {
      let bench = try bench()
      try await bench.finish("run")
      let run = try await RunningTool(["inspect", bench.path("run")], ranks: nil).end()
      let lines = run.output.split(separator: "\n").map(String.init)
      #expect(lines[0].contains("run folder, digest"), "\(run.errors)")
      #expect(lines[1].hasPrefix("  trace: "))
      #expect(lines[2].hasSuffix("finished") && lines[3].contains("done, 0 left, 0 failed"))
      let arrays = try #require(lines.first { $0.hasPrefix("  results.zarr: ") })
      let store = try await RunningTool(
        ["inspect", bench.path("run/results.zarr")], ranks: nil
      ).end()
      let told = store.output.split(separator: "\n").map(String.init)
      #expect(told[0].hasSuffix("Zarr store, \(told.count - 1) arrays"))
      #expect(arrays == "  results.zarr: \(told.count - 1) arrays")
      #expect(told.dropFirst().allSatisfy { $0.hasPrefix("  ") && $0.contains("[") })
    }
  }
}
