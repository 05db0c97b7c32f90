import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// `launch` brings a run to its end over the deaths of its ranks.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Launches {
    /// More ranks than cores, where that is so.
    static let environment = ["OMPI_MCA_rmaps_base_oversubscribe": "1"]

    static func launch(_ bench: Workbench, _ options: String...) throws -> RunningTool {
      try RunningTool(
        ["launch", bench.path("job.toml"), "-o", bench.path("run")] + options, ranks: nil,
        environment: environment)
    }

    @Test func `ranks that die are started again, and the results are those of a quiet run`()
      async throws
    {
      let bench = try Workbench(heavyModel, job: heavyJob)
      try await bench.finish("whole", ranks: 2)
      let tool = try Self.launch(bench, "-n", "2")
      for (start, victim) in [1, 0].enumerated() {
        #expect(try await tool.wait { Self.starts(bench) == start + 1 })
        let before = StoredRun.journalBytes(bench.path("run"))
        #expect(
          try await tool.wait { StoredRun.journalBytes(bench.path("run")) > before + 200 })
        let rank = try #require(tool.ranks().first { $0.rank == victim })
        kill(rank.process, SIGKILL)
      }
      let ended = try await tool.end()
      #expect(ended.code == 0, "\(ended.errors)")
      #expect(ended.said.count { $0.contains("lost (signal 9); restart ") } == 2)
      try bench.stored("run").expectSame(as: bench.stored("whole"), "after two deaths")
      try await tool.waitForRanks()
    }

    @Test func `a rank that is killed is missed within five seconds`() async throws {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 400"))
      let tool = try Self.launch(bench, "-n", "3", "--restarts", "0")
      #expect(try await tool.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      let rank = try #require(tool.ranks().first { $0.rank == 2 })
      let start = tool.seconds
      kill(rank.process, SIGKILL)
      let ended = try await tool.end()
      let seconds = ended.seconds - start
      #expect(try await seconds < 5 * RunningTool.slowness())
      #expect(ended.code == 7)
      #expect(ended.said.contains { $0.contains("ranks lost (signal 9) after 0 restarts") })
      try await tool.waitForRanks()
    }

    @Test(arguments: [SIGTERM, SIGUSR1, SIGINT])
    func `a signal to the launcher ends all ranks in order with 75 within two seconds`(
      signal: Int32
    ) async throws {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 400"))
      let tool = try Self.launch(bench, "-n", "2")
      #expect(try await tool.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      let start = tool.seconds
      kill(tool.launcher, signal)
      let ended = try await tool.end()
      #expect(ended.code == 75, "\(ended.errors)")
      #expect(ended.said == ["causeway: stopped; the same command goes on"])
      let seconds = ended.seconds - start
      #expect(try await seconds < 2 * RunningTool.slowness())
      #expect(tool.processes().isEmpty)
    }

    @Test func `a launcher that is killed takes its ranks with it`() async throws {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 400"))
      let tool = try Self.launch(bench, "-n", "2")
      #expect(try await tool.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      kill(tool.launcher, SIGKILL)
      _ = try await tool.end()
      for _ in 0..<100 where !tool.processes().isEmpty {
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(tool.processes().isEmpty)
    }

    @Test func `a unit that kills its rank three times is set aside, and the rest is done`()
      async throws
    {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 48"))
      let tool = try Self.launch(bench, "-n", "2")
      var poison: Int?
      var seen: Set<String> = []
      for death in 1...3 {
        // Which unit it is shows at the first death; it is run last from then on.
        let isDead = try await tool.wait {
          for (rank, process) in tool.ranks() {
            guard let unit = Self.unitInFlight(bench, rank: rank, besides: seen),
              poison == nil ? unit >= 4 : unit == poison
            else { continue }
            poison = unit
            return kill(process, SIGKILL) == 0
          }
          return false
        }
        #expect(isDead, "death \(death)")
        seen.formUnion(Self.inFlight(bench))
      }
      let ended = try await tool.end()
      let unit = try #require(poison)
      #expect(ended.code == 1, "\(ended.errors)")
      #expect(
        ended.errors.split(separator: "\n").contains {
          $0.contains("unit \(unit) (") && $0.contains("failed on host")
            && $0.contains("its rank died 3 times")
        }, "\(ended.errors)")
      try await bench.finish("whole", ranks: 2)
      let (stored, whole) = (try bench.stored("run"), try bench.stored("whole"))
      #expect(Set(whole.records.keys).subtracting(stored.records.keys) == [UInt64(unit)])
      #expect(stored.records.allSatisfy { whole.records[$0.key] == $0.value })
      let status = try await RunningTool(["status", bench.path("run")], ranks: nil).end()
      #expect(status.code == 1)
      #expect(status.output.contains("its rank died 3 times"))
    }

    /// The files that tell what ranks are at.
    static func inFlight(_ bench: Workbench) -> [String] {
      let names = try? FileManager.default.contentsOfDirectory(atPath: bench.path("run/log"))
      return (names ?? []).filter { $0.hasPrefix("in-flight-") }
    }

    static func starts(_ bench: Workbench) -> Int {
      let names = try? FileManager.default.contentsOfDirectory(atPath: bench.path("run/log"))
      return (names ?? []).count { $0.hasPrefix("attempt-") }
    }

    /// The unit that a rank of the latest start computes.
    private static func unitInFlight(
      _ bench: Workbench, rank: Int, besides seen: Set<String>
    ) -> Int? {
      let files = inFlight(bench).filter { $0.hasSuffix("-\(rank)") && !seen.contains($0) }
      guard files.count == 1, let file = files.first,
        let bytes = try? Data(contentsOf: URL(fileURLWithPath: bench.path("run/log/\(file)"))),
        bytes.count >= 8
      else { return nil }
      let slot = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
      return slot > 0 ? slot - 1 : nil
    }

    @Test func `ranks that could not start are not started again`() async throws {
      let bench = try Workbench()
      let tool = try RunningTool(
        ["launch", bench.path("job.toml"), "-o", bench.path("run"), "-n", "64"], ranks: nil,
        environment: ["OMPI_MCA_rmaps_base_oversubscribe": "0"])
      let ended = try await tool.end()
      #expect(ended.code == 7, "\(ended.errors)")
      #expect(ended.said.contains { $0.contains("no start of the ranks") })
      #expect(!bench.has("run"))
    }

    /// Open MPI's may hang when a rank is killed early; this one does so for sure, the first time.
    @Test func `an mpirun that is stuck without ranks is ended, and the run goes on`() async throws
    {
      let bench = try Workbench()
      try FileManager.default.createDirectory(
        atPath: bench.path("bin"), withIntermediateDirectories: false)
      try bench.put(
        """
        #!/bin/sh
        if mkdir '\(bench.path("stuck"))' 2> /dev/null; then
          exec python3 -c 'import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()'
        fi
        PATH=${PATH#*:} exec mpirun "$@"
        """, "bin/mpirun")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: bench.path("bin/mpirun"))
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let tool = try RunningTool(
        ["launch", bench.path("job.toml"), "-o", bench.path("run"), "-n", "2"], ranks: nil,
        environment: Self.environment.merging(["PATH": "\(bench.path("bin")):\(path)"]) { $1 })
      let ended = try await tool.end()
      #expect(ended.code == 0, "\(ended.errors)")
      #expect(ended.said.contains { $0.contains("mpirun was stuck without ranks") })
      #expect(ended.said.contains { $0.contains("restart 1 of at most") })
    }

    @Test func `a refusal of the ranks is said once, with its code, and not tried again`()
      async throws
    {
      let bench = try Workbench()
      try bench.put("not a model", "model/config.json")
      let ended = try await Self.launch(bench, "-n", "3").end()
      #expect(ended.code == 4, "\(ended.errors)")
      #expect(ended.said.count == 1)
    }
  }
}
