import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// Hosts that do not run the same program on the same files are refused by name.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct Handshakes {
    @Test func `a rank of another binary is named before any work`() async throws {
      let bench = try Workbench()
      let old = try bench.olderProgram()
      let run = ["run", bench.path("job.toml"), "-o", bench.path("run")]
      let tool = try RunningTool(run + [":", "-n", "1", old] + run, ranks: 2)
      let ended = try await tool.end()
      #expect(ended.code == 7, "\(ended.errors)")
      #expect(ended.said.count == 1)
      #expect(ended.said.first?.contains("causeway: rank 2 on host ") == true)
      #expect(ended.said.first?.contains(": program digest: found ") == true)
      #expect(!bench.has("run"))
    }

    @Test func `a rank with another configuration of the model is named before any work`()
      async throws
    {
      let bench = try Workbench()
      let other = try Workbench()
      let config = try String(contentsOfFile: other.path("model/config.json"), encoding: .utf8)
      let changed = config.replacing(
        "\"vocab_size\"", with: "\"initializer_range\": 0.5, \"vocab_size\"")
      #expect(changed != config)
      try other.put(changed, "model/config.json")
      // The paths in a job are the same wherever its folder is, as on hosts with disks of their own.
      let run = ["run", bench.path("job.toml"), "-o", bench.path("run")]
      let others = ["run", other.path("job.toml"), "-o", bench.path("run")]
      let tool = try RunningTool(
        run + [":", "-n", "1", RunningTool.program] + others, ranks: 2)
      let ended = try await tool.end()
      #expect(ended.code == 7, "\(ended.errors)")
      #expect(ended.said.count == 1)
      #expect(ended.said.first?.contains(": model files: found ") == true, "\(ended.errors)")
      #expect(!bench.has("run"))
    }
  }
}

extension Workbench {
  /// The program as an older build: other bytes, which do the same.
  func olderProgram() throws -> String {
    let url = folder.appendingPathComponent("older/causeway")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: RunningTool.program, toPath: url.path)
    let file = try FileHandle(forWritingTo: url)
    try file.seekToEnd()
    try file.write(contentsOf: Data("older".utf8))
    try file.close()
    return url.path
  }
}
