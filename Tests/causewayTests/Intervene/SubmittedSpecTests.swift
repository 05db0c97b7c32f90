import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// `causeway submit` of a specification.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct SubmittedSpecifications {
    private func bench() throws -> Workbench {
      let bench = try Workbench()
      try bench.put(SpecificationCommands.spec, "spec.json")
      return bench
    }

    private func submit(_ bench: Workbench, _ options: [String]) async throws -> ToolRun {
      try await RunningTool(["submit", bench.path("spec.json")] + options, ranks: nil).end()
    }

    @Test
    func `the script asks for one process, makes the tensors, and does nothing once they are`()
      async throws
    {
      let bench = try bench()
      let (there, made) = (bench.path("there.safetensors"), bench.path("made.safetensors"))
      let ended = try await submit(
        bench,
        ["-o", made, "--models", bench.folder.path, "--set", "slurm.partition=short"])
      #expect(ended.code == 0, "\(ended.errors)")
      for line in ["--nodes=1", "--ntasks-per-node=1", "--partition=short"] {
        #expect(ended.output.contains("\n#SBATCH \(line)\n"), "\(line)")
      }
      try bench.put(ended.output, "job.sh")
      let run = try await runScript(["bash", bench.path("job.sh")])
      #expect(run.code == 0 && run.output.contains("before"), "\(run.output)")
      let direct = try await RunningTool(
        ["intervene", bench.path("spec.json"), "--models", bench.folder.path, "-o", there],
        ranks: nil
      ).end()
      #expect(direct.code == 0, "\(direct.errors)")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: made))
      #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: there)))
      let again = try await runScript(["bash", bench.path("job.sh")])
      #expect(again.code == 0 && again.output.isEmpty, "\(again.output)")
    }

    @Test(arguments: [
      ([], "--output"), (["-o", "SPEC"], "never replaced"),
      (["-o", "OUT", "--set", "slurm.nodes=2"], "slurm.nodes"),
      (["-o", "OUT", "--set", "corrupt.samples=2"], "corrupt"),
      (["-o", "OUT", "--chain", "2", "--now"], "--chain"),
      (["-o", "OUT", "--restarts", "2"], "--restarts"), (["SPEC"], "[grid]"),
    ])
    func `what a specification has no use for is refused`(options: [String], names: String)
      async throws
    {
      let bench = try bench()
      let words = options.map {
        ["SPEC": bench.path("spec.json"), "OUT": bench.path("out.safetensors")][$0] ?? $0
      }
      let ended = try await submit(bench, words + ["--models", bench.folder.path])
      #expect(ended.code != 0 && ended.errors.contains(names), "\(ended.errors)")
      #expect(ended.output.isEmpty)
    }

    @Test func `a job has no folder of models and none for interventions`() async throws {
      let bench = try Workbench()
      for option in ["--models", "--save"] {
        let ended = try await RunningTool(
          ["submit", bench.path("job.toml"), "-o", bench.path("run"), option, bench.folder.path],
          ranks: nil
        ).end()
        #expect(ended.code == 2 && ended.errors.contains(option), "\(ended.errors)")
      }
    }
  }
}
