import Experiments
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Each command of the tool, for every kind.
  @Suite(.serialized, .timeLimit(.minutes(30)))
  struct KindCommands {
    /// Files and folders of a run, whatever its size, beside those that each unit writes for others.
    static let inodeLimit = 180

    private func tool(_ arguments: String...) async throws -> ToolRun {
      try await RunningTool(arguments, ranks: nil).end()
    }

    private func json(_ text: String) throws -> JSONField {
      JSONField(
        try JSON.parse(Array(text.utf8), file: "output", kind: .store), file: "output",
        kind: .store)
    }

    @Test(arguments: KindBench.all)
    func `status, show and export tell of a finished run`(kind: KindBench) async throws {
      let bench = try await KindRuns.finished(kind)
      let status = try await tool("status", bench.path("run"), "--json")
      #expect(status.code == 0, "\(status.errors)")
      let told = try json(status.output)
      #expect(try told["kind"].string() == kind.kind.rawValue)
      #expect(try told["finished"].bool() && told["digest"].string().count == 64)
      let units = try told["units"]
      let done = try units["done"].int()
      #expect(try done > 0 && units["total"].int() == done)
      #expect(try units["left"].int() == 0 && units["failed"].int() == 0)
      #expect(try done == bench.stored("run").records.count)
      for list in ["failures", "under_way", "notes"] {
        #expect(try told[list].items().isEmpty, "\(list)")
      }
      #expect(try told["ranks"].items()[0]["units"].int() == done)
      #expect(try told["starts"].items().count == 1)
      #expect(try told["holder"]["life"].string() == "given back")
      let lines = try await tool("status", bench.path("run"))
      #expect(lines.output.contains("units   \(done) of \(done) done"), "\(lines.output)")

      let show = try await tool("show", bench.path("run"))
      #expect(show.code == 0 && show.output.count > 100, "\(show.errors)")
      let csv = bench.path("table.csv")
      let export = try await tool("export", bench.path("run"), "--csv", csv, "--force")
      #expect(export.code == 0, "\(export.errors)")
      let table = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
      #expect((export.output + export.errors).contains("wrote \(table.count - 1) lines"))
      #expect(table.count > 1 && table[0].contains(","))
      let again = try await tool("export", bench.path("run"), "--csv", csv)
      #expect(again.code == 2 && again.errors.contains("--force"), "\(again.errors)")
      let verify = try await tool("verify", bench.path("run"))
      #expect(verify.code == 0 && verify.output.contains("no fault"), "\(verify.errors)")
    }

    @Test(arguments: KindBench.all.filter { $0.useless != nil })
    func `an option that the kind has no use for is refused`(kind: KindBench) async throws {
      let bench = try await KindRuns.finished(kind)
      let useless = try #require(kind.useless)
      let ended = try await RunningTool(
        [useless.command, bench.path("run")] + useless.option, ranks: nil
      ).end()
      #expect(ended.code == 2 && ended.said.count == 1, "\(ended.errors)")
      #expect(ended.errors.contains("\(useless.option[0]): found the option"), "\(ended.errors)")
      #expect(ended.errors.contains("kind \(kind.kind.rawValue)"), "\(ended.errors)")
    }

    @Test(arguments: KindBench.all)
    func `too little memory is refused before anything is loaded`(kind: KindBench) async throws {
      let bench = try await KindRuns.finished(kind)
      for ranks in [nil, 2] {
        let ended = try await bench.start(
          "little", ranks: ranks, "--threads", "1", "--set", "run.memory=2MiB"
        ).end()
        #expect(ended.code == 6 && ended.said.count == 1, "\(ended.code) \(ended.errors)")
        #expect(ended.errors.contains("run.memory: found"), "\(ended.errors)")
        #expect(!bench.has("little"))
      }
    }

    @Test(arguments: KindBench.all)
    func `a plan says no less than what is there afterwards, and a larger run has no more files`(
      kind: KindBench
    ) async throws {
      let small = try await KindRuns.finished(kind)
      let large = try kind.bench(kind.large)
      try await large.finish("run", ranks: 2)
      for (bench, ranks) in [(small, 1), (large, 2)] {
        let plan = try await tool("plan", bench.path("job.toml"), "--json")
        #expect(plan.code == 0, "\(plan.errors)")
        let planned = try json(plan.output)
        let tree = RunTree(bench.path("run"))
        #expect(
          try Double(tree.diskBytes) <= planned["disk_bytes"].double(),
          "\(tree.diskBytes) bytes on \(ranks) ranks: \(plan.output)")
        let inodes = tree.inodes(without: nil)
        #expect(
          try Double(inodes) <= planned["inodes"].double(), "\(inodes) inodes: \(plan.output)")
        let files = tree.files.count { name in
          name.hasPrefix("results.zarr/") || (kind.products.map { name.hasPrefix($0) } ?? false)
        }
        #expect(try Double(files) <= planned["files"].double(), "\(files) files: \(plan.output)")
        #expect(tree.inodes(without: kind.products) < Self.inodeLimit, "\(inodes) inodes")
      }
      func arrays(_ bench: Workbench) -> Int {
        RunTree(bench.path("run")).files.count { $0.hasPrefix("results.zarr/") }
      }
      #expect(arrays(small) == arrays(large))
    }
  }
}

extension EndToEnd.Readers {
  @Test(arguments: KindBench.all)
  func `an unfinished store opens without a warning, and a finished one`(
    kind: KindBench
  ) async throws {
    let bench = try kind.bench(kind.long)
    let tool = try bench.start("run", "--threads", "1")
    // Amid a unit, and where there is more than one, amid a later one.
    let isThere = try await tool.wait {
      bench.inFlight("run").values.contains { !$0.isEmpty }
        && (kind.kind == .train || StoredRun.journalBytes(bench.path("run")) > 0)
    }
    #expect(isThere)
    kill(tool.launcher, SIGTERM)
    let ended = try await tool.end()
    #expect(ended.code == 75, "\(ended.errors)")
    try open(bench)
    try await bench.finish("run", ranks: 2)
    try open(bench)
  }

  /// Reads all arrays with xarray, zarr and TensorStore, any warning being an error.
  private func open(_ bench: Workbench) throws {
    let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    let script = fixtures.appendingPathComponent("open_store.py").path
    let result = try PythonReaders.run([script, bench.path("run/results.zarr")])
    #expect(result.code == 0 && result.errors == "", "\(result.errors)")
    #expect((Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 3)
  }
}
