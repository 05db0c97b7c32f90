import Experiments
import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// One job gives one set of bytes, however it is run and whatever kills it.
  @Suite(.serialized, .timeLimit(.minutes(60)))
  struct KindBytes {
    static let killCount = runsSlowTests ? 20 : 3

    /// Expects the same arrays, records and whatever else a run comes to.
    private func expectSame(
      _ bench: Workbench, _ run: String, as other: Workbench, _ whole: String = "run"
    ) throws {
      let stored = try bench.stored(run)
      #expect(stored.duplicates == 0)
      stored.expectSame(as: try other.stored(whole), run)
      let (mine, others) = (
        try RunTree(bench.path(run)).digests(), try RunTree(other.path(whole)).digests()
      )
      let names = Set(mine.keys).union(others.keys)
      let odd = names.filter { mine[$0] != others[$0] }.sorted()
      #expect(odd.isEmpty, "\(run): other files")
    }

    @Test(arguments: KindBench.all)
    func `arrays, records and files are the same bytes on any ranks and threads`(
      kind: KindBench
    ) async throws {
      let alone = try await KindRuns.finished(kind)
      try await alone.finish("threads", ["--threads", "2"])
      try expectSame(alone, "threads", as: alone)
      for ranks in 1...4 {
        try await alone.finish("ranks-\(ranks)", ranks: ranks)
        try expectSame(alone, "ranks-\(ranks)", as: alone)
      }
      // Once more does nothing.
      let journals = StoredRun.journalBytes(alone.path("ranks-2"))
      try await alone.finish("ranks-2", ranks: 3)
      #expect(StoredRun.journalBytes(alone.path("ranks-2")) == journals)
      try expectSame(alone, "ranks-2", as: alone)
    }

    @Test(arguments: KindBench.all)
    func `kills of ranks and of their launcher change no bit`(kind: KindBench) async throws {
      let bench = try kind.bench(kind.long)
      try await bench.finish("run", ranks: 2)
      var random = SeededRandom(seed: 41)
      var (kills, round) = (0, 0)
      while kills < Self.killCount {
        round += 1
        let run = "run-\(round)"
        // A unit that was in flight at three deaths is set aside: a run gets two of them.
        var struck = 0
        while true {
          let ranks = [nil, 1, 2, 3].randomElement(using: &random) ?? nil
          let tool = try RunningTool(
            ["run", bench.path("job.toml"), "-o", bench.path(run)], ranks: ranks,
            environment: ["OMPI_MCA_odls_base_sigkill_timeout": "0"])
          var changes = Int.random(in: 1...12, using: &random)
          var state = bench.state(of: run)
          let isThere =
            struck < 2
            ? try await tool.wait {
              let now = bench.state(of: run)
              if now != state { (state, changes) = (now, changes - 1) }
              return changes == 0
            } : false
          if isThere {
            let victims = tool.processes() + [tool.launcher]
            let victim = victims.randomElement(using: &random) ?? tool.launcher
            if kill(victim, SIGKILL) == 0 { (kills, struck) = (kills + 1, struck + 1) }
          }
          let ended = try await tool.end(mayBeStuck: isThere)
          try await tool.waitForRanks()
          if ended.code == 0 { break }
          #expect(isThere, "\(ended.code): \(ended.errors)")
          guard isThere else { break }
        }
        try expectSame(bench, run, as: bench)
      }
    }

    /// On two ranks the second one is struck, which has the unit again where all ranks are on each
    /// unit.
    struct Death: Sendable, CustomTestStringConvertible, CustomStringConvertible {
      let kind: KindBench
      let ranks: Int?

      var testDescription: String { ranks.map { "\(kind) on \($0) ranks" } ?? "\(kind)" }
      var description: String { testDescription }

      static let all = KindBench.all.flatMap { kind in
        [Death(kind: kind, ranks: nil)]
          + ([.train, .basis, .lens].contains(kind.kind) ? [Death(kind: kind, ranks: 2)] : [])
      }
    }

    @Test(arguments: Death.all)
    func `a unit that kills its process three times is set aside, and the rest is done`(
      death: Death
    ) async throws {
      let (kind, ranks) = (death.kind, death.ranks)
      // Deaths between which a checkpoint was written count for none.
      let bench = try kind.bench(
        kind.long
          + ["2", "3"].map { ("checkpoint_steps = \($0)\n", "checkpoint_steps = 16777216\n") })
      // A unit may end while the killer waits for the processor: the run is then begun anew.
      var struck: (run: String, unit: Int)?
      for attempt in 1...20 where struck == nil {
        let run = "run-\(attempt)"
        struck = try await Self.strike(bench, run, ranks: ranks).map { (run, $0) }
      }
      let (run, unit) = try #require(struck)
      let ended = try await bench.start(run, ranks: ranks, "--threads", "1").end()
      #expect(ended.code == 1, "unit \(unit): \(ended.code) \(ended.errors)")
      #expect(ended.errors.contains("its rank died 3 times"), "\(ended.errors)")
      let records = try bench.stored(run).records
      #expect(!records.keys.contains(UInt64(unit)))
      let status = try await RunningTool(["status", bench.path(run), "--json"], ranks: nil).end()
      #expect(status.code == 1)
      #expect(status.output.contains("its rank died 3 times"))
      let verify = try await RunningTool(["verify", bench.path(run)], ranks: nil).end()
      #expect(verify.code == 1, "\(verify.errors)")
    }

    /// Kills the process that computes a unit, three times the same unit.
    ///
    /// A process stands still only some time after it was told to: what it is at while it is looked at
    /// it may have ended when it dies. So what counts is what the run's folder says of a death.
    ///
    /// - Returns: The unit; nil where a start ended before it was struck, or was struck elsewhere.
    private static func strike(
      _ bench: Workbench, _ run: String, ranks: Int?
    ) async throws -> Int? {
      var poison: Int?
      var seen: Set<String> = []
      for death in 1...3 {
        let tool = try bench.start(run, ranks: ranks, "--threads", "1")
        let isDead = try await tool.wait {
          // The one rank, or the second of two.
          guard let victim = ranks == nil ? tool.launcher : tool.ranks().last?.process else {
            return false
          }
          // It stands still while it is looked at, and gets a little further between two looks.
          kill(victim, SIGSTOP)
          let unit = unit(bench, run, rank: ranks == nil ? 0 : 1, besides: seen)
          guard let unit, poison.map({ $0 == unit }) ?? true else {
            kill(victim, SIGCONT)
            return false
          }
          poison = unit
          return kill(victim, SIGKILL) == 0
        }
        let ended = try await tool.end(mayBeStuck: true)
        try await tool.waitForRanks()
        guard isDead else {
          #expect(ended.code == 0, "death \(death): \(ended.code) \(ended.errors)")
          return nil
        }
        let left = bench.inFlight(run).filter { !seen.contains($0.key) }
        // The victim alone leaves a file, and it names the unit.
        guard let poison, left.count == 1, left.values.joined().contains(poison) else { return nil }
        seen.formUnion(left.keys)
      }
      return poison
    }

    /// The unit that a rank of the latest start computes.
    private static func unit(
      _ bench: Workbench, _ run: String, rank: Int, besides seen: Set<String>
    ) -> Int? {
      bench.inFlight(run).first { $0.key.hasSuffix("-\(rank)") && !seen.contains($0.key) }?
        .value.first
    }
  }
}
