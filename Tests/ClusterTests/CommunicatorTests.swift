import Foundation
import Testing

extension MultiRankTests {
  @Suite struct CommunicatorTests {
    @Test(arguments: [1, 2, 3, 4])
    func `messages of all lengths arrive whole when calls carry 16 bytes`(ranks: Int) async throws {
      let run = try await probe("messages", "limit=16", ranks: ranks)
      #expect(run.exitCode == 0)
      #expect(run.lines(with: "exchanged").count == ranks)
      #expect(run.lines(with: "node \(ranks - 1)/\(ranks) host true").count == 1)
    }

    @Test func `a program without a launcher is one rank and starts no MPI`() async throws {
      let run = try await probe("messages", ranks: nil)
      #expect(run.exitCode == 0)
      #expect(run.lines == ["0 exchanged node 0/1 host true"])
    }

    @Test func `a rank started by another MPI is refused`() async throws {
      let run = try await probe("messages", ranks: nil, environment: ["PMI_RANK": "1"])
      #expect(run.exitCode == 7)
      #expect(run.lines(with: "another MPI").count == 1)
    }

    @Test func `a rank that never reaches a barrier is named when patience ends`() async throws {
      let running = try RunningProbe(["patience", "freeze=1", "patience=500"], ranks: 3)
      let run = try await running.end()
      #expect(run.exitCode == 7)
      #expect(run.errors.contains("rank 1 on host"))
      #expect(try await running.leavesNothing())
    }

    @Test func `abort hands its code through`() async throws {
      #expect(try await probe("abort", ranks: 2).exitCode == 42)
    }

    @Test(arguments: [1, 2, 4])
    func `all ranks of a host read what its leader wrote, aligned to 64 bytes`(
      ranks: Int
    ) async throws {
      let run = try await probe("memory", "bytes=300001", ranks: ranks)
      #expect(run.exitCode == 0)
      #expect(run.lines(with: "leader equal true aligned true").count == 1)
      #expect(run.lines(with: "reader equal true aligned true").count == ranks - 1)
    }

    @Test func `shared memory larger than the host has is refused on all ranks`() async throws {
      let run = try await probe("memory", "bytes=\(1 << 50)", ranks: 2)
      #expect(run.exitCode == 6)
      #expect(run.errors.components(separatedBy: "bytes free").count == 2)
    }

    @Test func `ranks that want shared memory of other sizes are refused`() async throws {
      let run = try await probe("memory", "odd=1", ranks: 2)
      #expect(run.exitCode == 7)
      #expect(run.errors.contains("found 1048577 bytes, expected 1048576 bytes"))
    }
  }

  @Suite struct AgreementTests {
    @Test func `where no rank fails each keeps its own value`() async throws {
      let run = try await probe("agree", ranks: 3)
      #expect(run.exitCode == 0)
      #expect(run.lines.sorted() == ["0 agreed 0", "1 agreed 2", "2 agreed 4"])
    }

    @Test func `the lowest failing rank speaks for all, once`() async throws {
      let run = try await probe("agree", "failing=1,2", ranks: 4)
      #expect(run.exitCode == 4)
      #expect(run.lines.isEmpty)
      #expect(run.errors.components(separatedBy: "causeway: weights-1: found no file").count == 2)
      #expect(run.errors.contains("(rank 1 on host"))
      #expect(!run.errors.contains("weights-2"))
    }

    @Test func `a failure of all ranks alike names none of them`() async throws {
      let run = try await probe("agree", "failing=0,1,2", "same=x", ranks: 3)
      #expect(run.exitCode == 4)
      #expect(run.errors.contains("causeway: weights-x: found no file, expected a file"))
    }

    @Test(arguments: [0, 2])
    func `the handshake names the odd rank and the key`(odd: Int) async throws {
      let run = try await probe("handshake", "odd=\(odd)", ranks: 3)
      #expect(run.exitCode == 7)
      #expect(run.errors.contains("rank \(odd) on host"))
      #expect(run.errors.contains("model digest: found \"b2\", expected \"a1\""))
    }

    @Test func `ranks that are alike pass the handshake`() async throws {
      #expect(try await probe("handshake", ranks: 3).lines(with: "alike").count == 3)
    }
  }
}
