import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// What users open the results with, while the run goes on and after it.
  @Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(if: PythonReaders.arePresent, "needs Python with zarr, xarray and tensorstore"))
  struct Readers {
    @Test func `xarray, zarr and TensorStore open results without a warning, half or whole`()
      async throws
    {
      let bench = try await Workbench(heavyModel, job: Workbench.heavyJob(lasting: 8))
      let tool = try bench.start("run", ranks: 2)
      let isUnderWay = try await tool.wait {
        StoredRun.journalBytes(bench.path("run")) > 0
          && FileManager.default.fileExists(atPath: bench.path("run/results.zarr/status/zarr.json"))
      }
      #expect(isUnderWay)
      kill(tool.launcher, SIGKILL)
      _ = try await tool.end()
      try await tool.waitForRanks()
      let half = try await read(bench)
      #expect(half.count == 3)
      let left = try #require(half["pending"])
      #expect(left > 0 && left <= 16, "\(left) of 16 pairs of fact and site are pending")

      try await bench.finish("run")
      let whole = try await read(bench)
      #expect(whole == ["pending": 0, "wrong": 0, "means": 1])
    }

    /// What the fixture prints of a run: how many facts and sites are pending, whether anything is
    /// wrong, whether the means over facts are there.
    private func read(_ bench: Workbench) async throws -> [String: Int] {
      let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
      let script = fixtures.appendingPathComponent("read_trace.py").path
      let result = try PythonReaders.run([script, bench.path("run/results.zarr")])
      #expect(result.code == 0 && result.errors == "", "\(result.errors)")
      let values = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
      return try #require(values as? [String: Int])
    }
  }
}
