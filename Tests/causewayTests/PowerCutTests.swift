import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// What a run has committed is there after a power cut, and the same command goes on.
  ///
  /// A file system in a file is copied while a run writes to it, without a sync: the copy holds what
  /// the device would hold, and no more. Mounting it replays the file system's own journal.
  @Suite(
    .serialized, .timeLimit(.minutes(60)),
    .enabled(if: Disk.mayMount, "needs the right to mount an ext4 file system"))
  struct PowerCuts {
    /// 5, or what `CAUSEWAY_POWER_CUTS` says.
    static let count =
      ProcessInfo.processInfo.environment["CAUSEWAY_POWER_CUTS"].flatMap { Int($0) } ?? 5

    @Test func `after a power cut all that was committed is there, and the run goes on`()
      async throws
    {
      let bench = try Workbench(heavyModel, job: heavyJob)
      let whole = try await bench.finish("whole")
      let expected = try bench.stored("whole")
      let disk = try Disk(bench.path("disk"))
      var random = SeededRandom(seed: 11)
      var cuts = 0
      var cutsAmidWork = 0
      // Cuts before the first unit prove little.
      while cuts < Self.count || cutsAmidWork == 0 {
        let run = disk.path("run-\(cuts)-\(Int.random(in: 0..<(1 << 30), using: &random))")
        let tool = try RunningTool(["run", bench.path("job.toml"), "-o", run], ranks: nil)
        let moment = Double.random(in: 0...1, using: &random) * whole.seconds
        let isAlive = try await tool.wait { tool.seconds >= moment }
        // Once a later commit has begun, the one before it has returned.
        let before = (try? StoredRun(run))?.records ?? [:]
        let size = StoredRun.journalBytes(run)
        let isLater = try await tool.wait { StoredRun.journalBytes(run) > size }
        // A device loses its power at one moment; a copy takes some, in which nothing may be written.
        kill(tool.launcher, SIGSTOP)
        let copy = try disk.copy(to: bench.path("cut"))
        kill(tool.launcher, SIGKILL)
        _ = try await tool.end()
        guard isAlive, let copy else { continue }
        cuts += 1
        if isLater, !before.isEmpty { cutsAmidWork += 1 }
        let name = URL(fileURLWithPath: run).lastPathComponent
        try await check(
          copy.path(name), bench, isLater ? before : [:], expected, "cut \(cuts)")
        try FileManager.default.removeItem(atPath: run)
      }
    }

    private func check(
      _ run: String, _ bench: Workbench, _ committed: [UInt64: [UInt8]], _ expected: StoredRun,
      _ what: String
    ) async throws {
      if FileManager.default.fileExists(atPath: run + "/spec.json") {
        let verified = try await RunningTool(["verify", run], ranks: nil).end()
        #expect([0, 75].contains(verified.code), "\(what): \(verified.errors)\(verified.output)")
        let found = try StoredRun(run).records
        let lost = committed.keys.filter { found[$0] == nil }
        #expect(lost.isEmpty, "\(what): lost \(lost.sorted())")
        let odd = found.filter { expected.records[$0.key] != $0.value }
        #expect(odd.isEmpty, "\(what): other records")
      } else {
        #expect(committed.isEmpty, "\(what): no run")
      }
      let ended = try await RunningTool(
        ["run", bench.path("job.toml"), "-o", run], ranks: nil
      ).end()
      #expect(ended.code == 0, "\(what): \(ended.errors)")
      let after = try StoredRun(run)
      #expect(after.duplicates == 0, "\(what)")
      after.expectSame(as: expected, what)
    }
  }
}

/// An ext4 file system in a file, mounted until the value is gone.
private final class Disk {
  private let image: String
  private let mount: String

  struct Failed: Error {
    let words: [String]
  }

  /// Makes an empty one.
  init(_ image: String) throws {
    (self.image, mount) = (image, image + "-mounted")
    try SystemCommand.run(["truncate", "-s", "64M", image])
    try SystemCommand.run(["mkfs.ext4", "-q", "-F", image])
    try attach()
  }

  /// Takes one as it lies on the device at this moment.
  private init(copying other: Disk, to image: String) throws {
    (self.image, mount) = (image, image + "-mounted")
    try SystemCommand.run(["cp", "--sparse=always", other.image, image])
    try attach()
  }

  /// What is on the device; nil where the kernel wrote meanwhile, so that the copy is of no moment:
  /// its own journal replayed, such a file system is not whole.
  func copy(to image: String) throws -> Disk? {
    let copy = try Disk(copying: self, to: image)
    try SystemCommand.run(["umount", copy.mount])
    let isWhole = (try? SystemCommand.run(["e2fsck", "-f", "-n", image])) != nil
    try SystemCommand.run(["mount", "-o", "loop", image, copy.mount])
    return isWhole ? copy : nil
  }

  private func attach() throws {
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
    try SystemCommand.run(["mount", "-o", "loop", image, mount])
  }

  deinit {
    try? SystemCommand.run(["umount", mount])
    try? FileManager.default.removeItem(atPath: mount)
    try? FileManager.default.removeItem(atPath: image)
  }

  func path(_ name: String) -> String { "\(mount)/\(name)" }

  /// Whether this process may mount one.
  static let mayMount: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    guard getuid() == 0,
      (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true))
        != nil
    else { return false }
    return (try? Disk(folder.appendingPathComponent("disk").path)) != nil
  }()
}
