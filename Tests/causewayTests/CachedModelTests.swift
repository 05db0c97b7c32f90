import Foundation
import Testing

extension EndToEnd {
  /// Models by their names in Hugging Face's cache, with the tool as a user runs it.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct CachedModels {
    private static func tool(
      _ bench: Workbench, _ words: [String], ranks: Int? = nil
    ) async throws -> ToolRun {
      try await RunningTool(words, ranks: ranks, environment: ["HF_HOME": bench.path("hf")]).end()
    }

    @Test func `a cached model's run is the same as by its path, and names it as the job does`()
      async throws
    {
      let bench = try Workbench()
      let repository = "hf/hub/models--tiny--marlow"
      let snapshot = "\(repository)/snapshots/0123456789abcdef"
      let manager = FileManager.default
      try manager.createDirectory(
        atPath: bench.path("\(repository)/refs"), withIntermediateDirectories: true)
      try manager.createDirectory(
        atPath: bench.path("\(repository)/snapshots"), withIntermediateDirectories: true)
      try bench.put("0123456789abcdef", "\(repository)/refs/main")
      try manager.copyItem(atPath: bench.path("model"), toPath: bench.path(snapshot))
      try bench.put(
        Workbench.job.replacingOccurrences(of: "\"model\"", with: "\"tiny/marlow\""), "cached.toml")

      try await bench.finish("by-path")
      for ranks in [nil, 2] {
        let run = "by-name-\(ranks ?? 1)"
        let ended = try await Self.tool(
          bench, ["run", bench.path("cached.toml"), "-o", bench.path(run)], ranks: ranks)
        #expect(ended.code == 0, "\(ended.errors)")
        let (named, other) = (try bench.stored(run), try bench.stored("by-path"))
        #expect(named.records == other.records)
        let spec = try String(contentsOfFile: bench.path("\(run)/spec.json"), encoding: .utf8)
        #expect(spec.contains("tiny/marlow") && !spec.contains(repository))
        // What was run needs no cache to be looked at.
        let status = try await RunningTool(["status", bench.path(run)], ranks: nil).end()
        #expect(status.code == 0, "\(status.errors)")
      }

      let sites = try await Self.tool(bench, ["sites", "tiny/marlow"])
      #expect(sites.code == 0 && sites.output.contains("gpt2"))
    }

    @Test func `a model that is not cached is refused with the command that fetches it`()
      async throws
    {
      let bench = try Workbench(
        job: Workbench.job.replacingOccurrences(of: "\"model\"", with: "\"tiny/marlow\""))
      for words in [["check", bench.path("job.toml")], ["sites", "tiny/marlow"]] {
        let ended = try await Self.tool(bench, words)
        #expect(ended.code == 4, "\(words): \(ended.errors)")
        #expect(ended.said.count == 1 && ended.errors.contains("`hf download tiny/marlow`"))
      }
    }
  }
}
