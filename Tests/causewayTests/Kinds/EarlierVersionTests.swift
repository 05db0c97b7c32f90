import Foundation
import Inputs
import ResultsStore
import Testing

extension EndToEnd {
  /// Folders of versions that kept no outline.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct EarlierVersions {
    @Test(arguments: ["status", "verify", "show", "run"])
    func `a run of version 0.1.0 is refused with what to do about it`(command: String) async throws
    {
      let bench = try Workbench()
      for name in ["journal", "interventions", "figures", "log", "lease"] {
        try FileManager.default.createDirectory(
          atPath: bench.path("old/\(name)"), withIntermediateDirectories: true)
      }
      let spec = "{\"kind\": \"trace\"}\n"
      try bench.put(spec, "old/spec.json")
      try bench.put(Workbench.job, "old/spec.toml")
      let provenance = SealedRecord.text([
        .init("spec_digest", .text(Digest.of(Array(spec.utf8)))),
        .init("toml_digest", .text(Digest.of(Array(Workbench.job.utf8)))),
        .init("causeway", .text("0.1.0")),
      ])
      try bench.put(provenance, "old/provenance.json")
      let before = RunTree(bench.path("old"))
      let tool =
        command == "run"
        ? try bench.start("old") : try RunningTool([command, bench.path("old")], ranks: nil)
      let ended = try await tool.end()
      #expect(ended.code == 5 && ended.said.count == 1, "\(ended.code) \(ended.errors)")
      for words in [
        bench.path("old"), "a run of causeway 0.1.0", "finish it with the version that began it",
        "run the job into a new folder",
      ] { #expect(ended.errors.contains(words), "\(ended.errors)") }
      let after = RunTree(bench.path("old"))
      #expect(after.files == before.files && after.folders == before.folders)
    }
  }
}
