import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// One job gives one set of bytes, however it is run.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct SameBytes {
    @Test(arguments: TinyModel.Family.allCases)
    func `results and records are the same bytes on any threads and ranks, with reuse and without`(
      family: TinyModel.Family
    ) async throws {
      let facts = family == .gpt2 ? Workbench.textFacts : Workbench.tokenFacts
      let bench = try Workbench(TinyModel(family), facts: facts)
      try await bench.finish("alone", ["--threads", "1"])
      let alone = try bench.stored("alone")
      #expect(alone.duplicates == 0)

      try await bench.finish("threads", ["--threads", "2"])
      try bench.stored("threads").expectSame(as: alone, "two threads")
      for ranks in 1...4 {
        try await bench.finish("ranks-\(ranks)", ranks: ranks)
        try bench.stored("ranks-\(ranks)").expectSame(as: alone, "\(ranks) ranks")
      }
      try await bench.finish("naive", ranks: 2, ["--naive"])
      try bench.stored("naive").expectSame(as: alone, "a full forward pass a cell")
    }

    @Test func `a finished run does nothing on the same command`() async throws {
      let bench = try Workbench()
      try await bench.finish("run", ranks: 2)
      let first = try bench.stored("run")
      let journals = StoredRun.journalBytes(bench.path("run"))
      for ranks in [nil, 3] {
        let again = try await bench.finish("run", ranks: ranks)
        #expect(again.output.contains("0 failed"))
        #expect(StoredRun.journalBytes(bench.path("run")) == journals)
        try bench.stored("run").expectSame(as: first, "run again")
      }
    }
  }
}
