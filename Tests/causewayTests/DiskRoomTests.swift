import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// Dumps onto a disk of a few megabytes.
  @Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(if: SmallDisk.mayMount, "a small disk can be mounted by root alone"))
  struct DiskRoom {
    private static func job(_ documents: Int, output: String? = nil) -> String {
      """
      kind = "dump"
      [model]
      path = "model"
      [data]
      items = \((0..<documents).map { number in (0..<100).map { (number + 3 * $0) % 90 } })
      [dump]
      sites = ["block_output"]
      [run]
      \(output.map { "output = \"\($0)\"" } ?? "")
      """
    }

    private func tool(_ command: String, _ bench: Workbench) async throws -> ToolRun {
      try await RunningTool([command, bench.path("job.toml")], ranks: nil).end()
    }

    @Test(arguments: [nil, 2])
    func `a dump that the disk has no room for is refused before anything is written`(
      ranks: Int?
    ) async throws {
      let bench = try Workbench()
      let disk = try SmallDisk(at: bench.path("disk"), megabytes: 8)
      try bench.put(Self.job(400), "job.toml")
      let ended = try await bench.start("disk/run", ranks: ranks).end()
      #expect(ended.code == 6, "\(ended.errors)")
      // The folder, and bytes that there are and that are needed.
      let said = ended.said.first ?? ""
      #expect(ended.said.count == 1 && said.contains("disk/run: disk: found "), "\(ended.errors)")
      let tail = said.components(separatedBy: "disk: found ").last ?? ""
      let numbers = tail.split { !$0.isNumber }.compactMap { Int($0) }.filter { $0 > 1 << 20 }
      #expect(numbers.count == 2 && numbers[0] <= 8 << 20 && numbers[1] > numbers[0], "\(said)")
      #expect(try disk.names() == [])

      // A job that names its folder is told so by plan and check.
      try bench.put(Self.job(400, output: bench.path("disk/run")), "job.toml")
      let plan = try await tool("plan", bench)
      #expect(plan.code == 0 && plan.output.contains("too little"), "\(plan.output)\(plan.errors)")
      let check = try await tool("check", bench)
      #expect(check.code == 6 && check.errors.contains("disk: found "), "\(check.errors)")
      #expect(try disk.names() == [])

      let small = Self.job(2, output: bench.path("disk/run"))
      try bench.put(small, "job.toml")
      #expect(try await tool("plan", bench).output.contains("disk free"))
      #expect(try await tool("check", bench).code == 0)
      #expect(try await tool("run", bench).code == 0)
    }

    @Test(arguments: [1, 2])
    func `a disk that fills up amid a dump ends it with the file, and room lets it go on`(
      ranks: Int
    ) async throws {
      let bench = try Workbench()
      try bench.put(Self.job(40), "job.toml")
      try await bench.finish("whole")
      let disk = try SmallDisk(at: bench.path("disk"), megabytes: 64)
      // Filled once the run has its folder, as others may do; anew where the run was quicker.
      var ended: ToolRun?
      for _ in 1...20 where ended == nil {
        let tool = try bench.start("disk/run", ranks: ranks)
        _ = try await tool.wait { bench.has("disk/run/activations.zarr/zarr.json") }
        try disk.fill()
        let now = try await tool.end()
        if now.code != 0 { ended = now; break }
        try disk.empty()
        try FileManager.default.removeItem(atPath: bench.path("disk/run"))
      }
      let full = try #require(ended)
      #expect(full.code == 6 && full.errors.contains("disk/run"), "\(full.errors)")
      #expect(full.errors.components(separatedBy: "ENOSPC").count == 2, "\(full.errors)")
      try disk.empty()
      try await bench.finish("disk/run")
      try bench.stored("disk/run").expectSame(as: bench.stored("whole"), "after a full disk")
      #expect(try Dump.files(bench.path("disk/run")) == Dump.files(bench.path("whole")))
    }
  }
}

/// A file system in memory, mounted until the value is gone.
private final class SmallDisk {
  private let path: String

  init(at path: String, megabytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try SystemCommand.run(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path])
  }

  deinit { try? SystemCommand.run(["umount", path]) }

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }

  private var filler: String { "\(path)/filler" }

  /// Leaves no room.
  func fill() throws {
    _ = FileManager.default.createFile(atPath: filler, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: filler))
    let block = Data(count: 1 << 16)
    while (try? file.write(contentsOf: block)) != nil {}
  }

  func empty() throws { try FileManager.default.removeItem(atPath: filler) }

  /// Whether this process may mount one.
  static let mayMount: Bool = {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return getuid() == 0 && (try? SmallDisk(at: path, megabytes: 1)) != nil
  }()
}
