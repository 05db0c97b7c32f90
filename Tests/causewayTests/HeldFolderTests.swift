import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// A run folder belongs to one run at a time, and to one job for good.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct HeldFolders {
    @Test func `a second run on a folder is refused while the first lives`() async throws {
      let bench = try Workbench(heavyModel, job: heavyJob)
      let first = try bench.start("run", ranks: 2)
      #expect(try await first.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      // It must live until the others have been refused, however quick the machine is.
      let held = first.processes()
      for id in held { kill(id, SIGSTOP) }
      for ranks in [nil, 3] {
        let second = try await bench.start("run", ranks: ranks).end()
        #expect(second.code == 5, "\(second.errors)")
        #expect(second.said.count == 1)
        #expect(second.said.first?.contains("a run folder held by run") == true)
        #expect(second.said.first?.contains("alive") == true)
      }
      for id in held { kill(id, SIGCONT) }
      let ended = try await first.end()
      #expect(ended.code == 0, "\(ended.errors)")
      try await bench.finish("whole")
      try bench.stored("run").expectSame(as: bench.stored("whole"), "beside refused runs")
    }

    @Test func `a run whose folder is taken over ends, and the other goes on`() async throws {
      // Long enough for the first to look at its lease, which it does every five seconds.
      let bench = try await Workbench(heavyModel, job: Workbench.heavyJob(lasting: 30))
      let first = try bench.start("run", ranks: 2)
      #expect(try await first.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      let second = try bench.start("run", "--take-over")
      #expect(try await second.wait { try second.text("err").contains("taken over as asked") })
      for id in second.processes() { kill(id, SIGSTOP) }
      let lost = try await first.end()
      #expect(lost.code == 5, "\(lost.errors)")
      #expect(lost.said.contains { $0.contains("expected the lease of this run") }, "\(lost.said)")
      for id in second.processes() { kill(id, SIGCONT) }
      kill(second.launcher, SIGTERM)
      let stopped = try await second.end()
      #expect(stopped.code == 75, "\(stopped.errors)")
    }

    @Test func `a changed job is refused by its fields, and the folder left as it is`()
      async throws
    {
      let bench = try Workbench()
      try await bench.finish("run")
      let before = try tree(bench)
      for ranks in [nil, 3] {
        let changed = try await bench.start(
          "run", ranks: ranks, "--set", "corrupt.seed=6", "--set", "restore[1].window=5"
        ).end()
        #expect(changed.code == 3, "\(changed.errors)")
        #expect(changed.said.count == 1)
        let line = try #require(changed.said.first)
        #expect(line.contains("corrupt.seed = 6 where the run has 5"), "\(line)")
        #expect(line.contains("restore[1].window = 5 where the run has 3"), "\(line)")
      }
      #expect(try tree(bench) == before)
    }

    @Test func `other weights, facts or tokenizer under the same names are refused`()
      async throws
    {
      let bench = try Workbench()
      try await bench.finish("run")
      let before = try tree(bench)
      try TinyModel(.gpt2, seed: 2).write(to: bench.folder.appendingPathComponent("model"))
      try await expectRefused(bench, "inputs.model")
      try TinyModel(.gpt2).write(to: bench.folder.appendingPathComponent("model"))
      try bench.put(Workbench.textFacts + "\n", "facts.json")
      try await expectRefused(bench, "inputs.facts")
      try bench.put(Workbench.textFacts, "facts.json")
      let tokenizer = bench.path("model/tokenizer.json")
      let text = try String(contentsOfFile: tokenizer, encoding: .utf8)
      try bench.put(text + "\n", "model/tokenizer.json")
      try await expectRefused(bench, "inputs.tokenizer")
      #expect(try tree(bench) == before)
      try bench.put(text, "model/tokenizer.json")
      try await bench.finish("run")
    }

    private func expectRefused(_ bench: Workbench, _ field: String) async throws {
      let changed = try await bench.start("run").end()
      #expect(changed.code == 3, "\(field): \(changed.errors)")
      #expect(changed.said.count == 1)
      #expect(changed.said.first?.contains(": \(field): found a changed job") == true)
    }

    /// All files of the run, with when each was last changed.
    private func tree(_ bench: Workbench) throws -> [String: Date] {
      let names = FileManager.default.enumerator(atPath: bench.path("run"))?.allObjects
      return try Dictionary(
        uniqueKeysWithValues: (names as? [String] ?? []).map { name in
          let attributes = try FileManager.default.attributesOfItem(
            atPath: bench.path("run/\(name)"))
          return (name, attributes[.modificationDate] as? Date ?? .distantPast)
        })
    }
  }
}
