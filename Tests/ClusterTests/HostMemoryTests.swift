import Foundation
import Testing

@testable import Cluster

/// What the kernel, the control groups and Slurm leave a process, read from files laid out as theirs.
@Suite struct HostMemoryTests {
  private func room(
    _ files: [String: String], _ environment: [String: String] = [:]
  ) throws -> HostMemory {
    let root = FileManager.default.temporaryDirectory
      .appendingPathComponent("limits-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let url = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return HostMemory.room(root: root.path, environment: environment)
  }

  private static let kernel = [
    "proc/meminfo": "MemTotal: 9000000 kB\nMemFree: 10 kB\nMemAvailable:  8000000 kB\n"
  ]

  @Test func `without groups the kernel's own figure counts`() throws {
    let found = try room(Self.kernel)
    #expect(found.bytes == 8_000_000 * 1024)
    #expect(found.source.contains("MemAvailable"))
    #expect(try room([:]).bytes == Int.max)
  }

  @Test func `of groups of version 2 the tightest one above the process counts`() throws {
    let found = try room(
      Self.kernel.merging([
        "proc/self/cgroup": "0::/slurm/job_7/step_0\n",
        "sys/fs/cgroup/slurm/job_7/step_0/memory.max": "max\n",
        "sys/fs/cgroup/slurm/job_7/step_0/memory.current": "5\n",
        "sys/fs/cgroup/slurm/job_7/memory.max": "1000000\n",
        "sys/fs/cgroup/slurm/job_7/memory.current": "300000\n",
        "sys/fs/cgroup/slurm/job_7/memory.stat": "anon 1\ninactive_file 100000\n",
      ]) { $1 })
    #expect(found.bytes == 1_000_000 - (300_000 - 100_000))
    #expect(
      found.source == "the limit of 1000000 in /sys/fs/cgroup/slurm/job_7/memory.max")
  }

  @Test func `so it does of version 1, whose folder a container may not see`() throws {
    let found = try room(
      Self.kernel.merging([
        "proc/self/cgroup": "5:cpu:/x\n4:memory,other:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "70000\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "90000\n",
        "sys/fs/cgroup/memory/memory.stat": "cache 5\ntotal_inactive_file 30000\n",
      ]) { $1 })
    #expect(found.bytes == 10_000)
    let unlimited = try room(
      Self.kernel.merging([
        "proc/self/cgroup": "4:memory:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "90000\n",
      ]) { $1 })
    #expect(unlimited.source.contains("MemAvailable"))
  }

  @Test func `what Slurm granted on the node counts`() throws {
    #expect(try room(Self.kernel, ["SLURM_MEM_PER_NODE": "512"]).bytes == 512 << 20)
    let each = ["SLURM_MEM_PER_CPU": "100", "SLURM_CPUS_ON_NODE": "4"]
    #expect(try room(Self.kernel, each).bytes == 400 << 20)
    // 0 stands for all of the node, and what is no number for nothing.
    #expect(try room(Self.kernel, ["SLURM_MEM_PER_NODE": "0"]).bytes == 8_000_000 * 1024)
    #expect(try room(Self.kernel, ["SLURM_MEM_PER_NODE": "x"]).bytes == 8_000_000 * 1024)
    let huge = ["SLURM_MEM_PER_NODE": "9223372036854775807"]
    #expect(try room(Self.kernel, huge).bytes == 8_000_000 * 1024)
  }

  @Test func `a run's needs are sums that cannot overflow`() {
    let needs = RunNeeds(
      weightBytes: 1000, rankBytes: 10, diskBytes: 0, files: 0, units: 1, coreHours: 1)
    #expect(needs.hostBytes(ranks: 3) == 1030)
    let large = RunNeeds(
      weightBytes: 1000, rankBytes: 1 << 40, diskBytes: 0, files: 0, units: 1, coreHours: 1)
    #expect(large.hostBytes(ranks: 1 << 30) == Int.max)
  }

  @Test func `the disk of a folder that is to be made is that of the nearest one above`() throws {
    let here = NSTemporaryDirectory()
    let disk = try FreeDisk(at: here + "/no/such/folder")
    #expect(disk.bytes > 0)
    let other = try FreeDisk(at: here)
    #expect(abs(disk.bytes - other.bytes) < 1 << 30)
  }
}
