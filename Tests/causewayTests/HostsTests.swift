import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// A run over three hosts, of which one is lost, runs another binary, or wants the same folder.
  @Suite(
    .serialized, .timeLimit(.minutes(10)), .enabled(if: LocalHosts.arePresent, LocalHosts.reason))
  struct Hosts {
    /// Runs the test on three hosts, and takes them down whatever comes.
    private func onThreeHosts(_ test: (LocalHosts) async throws -> Void) async throws {
      let hosts = try await LocalHosts(3)
      do { try await test(hosts) } catch {
        try await hosts.down()
        throw error
      }
      try await hosts.down()
    }

    @Test func `a run survives the loss of a host, with the results of a quiet run`()
      async throws
    {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 400"))
      try await onThreeHosts { hosts in
        let tool = try hosts.start(
          [
            "launch", bench.path("job.toml"), "-o", bench.path("run"), "--hostfile",
            hosts.hostFile,
          ], on: 1)
        #expect(
          try await tool.wait {
            StoredRun.journalBytes(bench.path("run")) > 0 && tool.ranks().count == 3
          })
        let start = tool.seconds
        try await hosts.command("cut", "3")
        #expect(try await tool.wait { try tool.text("err").contains("is lost") })
        // Noticed by the keepalives after 20 s; asking the hosts takes as long once more.
        #expect(tool.seconds - start < 60)
        // What was on the other side of the cut is not this side's to end.
        try await hosts.command("kill", "3")
        let ended = try await tool.end(within: .seconds(300))
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.said.contains("causeway: host \(hosts.host(3)) is lost"))
        #expect(ended.said.contains { $0.contains("2 ranks on 2 hosts") })
        try await tool.waitForRanks()
      }
      try await bench.finish("whole", ranks: 2)
      try bench.stored("run").expectSame(as: bench.stored("whole"), "after the loss of a host")
    }

    @Test func `a host with another binary is named`() async throws {
      let bench = try Workbench()
      let old = try bench.olderProgram()
      try await onThreeHosts { hosts in
        let run = ["run", bench.path("job.toml"), "-o", bench.path("run")]
        let on = { (host: Int) in ["-n", "1", "--host", hosts.host(host)] }
        let words =
          ["run"] + on(1) + ["--", RunningTool.program] + run + [":"] + on(2)
          + [RunningTool.program] + run + [":"] + on(3) + [old] + run
        let ended = try await runScript(
          [LocalHosts.script ?? ""] + words, environment: hosts.variables)
        #expect(ended.code == 7, "\(ended.output)")
        #expect(
          ended.output.contains(
            "causeway: rank 2 on host \(hosts.host(3)): program digest: found "))
        #expect(ended.output.components(separatedBy: "program digest").count == 2)
        #expect(!bench.has("run"))
      }
    }

    @Test func `a second run on a folder is refused from another host too`() async throws {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 400"))
      try await onThreeHosts { hosts in
        let run = ["run", bench.path("job.toml"), "-o", bench.path("run"), "--threads", "1"]
        let first = try hosts.start(run, on: 1)
        #expect(try await first.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
        let second = try await hosts.start(run, on: 2).end()
        #expect(second.code == 5, "\(second.errors)")
        #expect(second.said.count == 1)
        #expect(second.said.first?.contains("on host \(hosts.host(1))") == true)
        #expect(second.said.first?.contains("alive: its counter moves") == true)
        for id in first.processes() { kill(id, SIGTERM) }
        #expect(try await first.end().code == 75)
      }
    }
  }
}
