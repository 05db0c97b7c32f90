internal import Foundation

/// How much memory a process of this host may still get, by all who have a say in it.
package struct HostMemory: Sendable, Equatable {
  let bytes: Int
  /// Who says so, in words.
  let source: String

  /// The least of what the kernel has, what the control groups leave, and what Slurm granted.
  ///
  /// - Parameter root: Where `/proc` and `/sys` lie; tests have their own.
  static func room(
    root: String = "", environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> HostMemory {
    var limits: [HostMemory] = []
    if let free = kernelFree(root) {
      limits.append(HostMemory(bytes: free, source: "MemAvailable in /proc/meminfo"))
    }
    limits += ControlGroup.all(root).compactMap(\.room)
    if let granted = slurmGrant(environment) { limits.append(granted) }
    return limits.min { $0.bytes < $1.bytes } ?? HostMemory(bytes: Int.max, source: "no limit")
  }

  private static func kernelFree(_ root: String) -> Int? {
    let line = lines(of: root + "/proc/meminfo").first { $0.hasPrefix("MemAvailable:") }
    guard let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return scaled(kibibytes, 1024)
  }

  /// What a job may have on this node, in megabytes as Slurm counts them; 0 stands for all.
  private static func slurmGrant(_ environment: [String: String]) -> HostMemory? {
    if let text = environment["SLURM_MEM_PER_NODE"], let mega = Int(text), mega > 0 {
      return HostMemory(bytes: scaled(mega, 1 << 20), source: "SLURM_MEM_PER_NODE")
    }
    guard let text = environment["SLURM_MEM_PER_CPU"], let mega = Int(text), mega > 0,
      let cores = environment["SLURM_CPUS_ON_NODE"].flatMap({ Int($0) }), cores > 0
    else { return nil }
    return HostMemory(
      bytes: scaled(scaled(mega, cores), 1 << 20),
      source: "SLURM_MEM_PER_CPU on \(cores) cores")
  }

  /// What this process may still map; nil without a limit.
  package static func addressSpace() -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      let most = Int(exactly: limit.rlim_cur), most < Int.max / 2
    else { return nil }
    let pages = lines(of: "/proc/self/statm").first?.split(separator: " ").first.flatMap { Int($0) }
    return max(0, most - scaled(pages ?? 0, Int(sysconf(Int32(_SC_PAGESIZE)))))
  }

  fileprivate static func scaled(_ value: Int, _ factor: Int) -> Int {
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    return overflow ? Int.max : product
  }

  /// The lines of a small file of the kernel's; none where there is no such file.
  fileprivate static func lines(of path: String) -> [Substring] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    return text.split(separator: "\n")
  }
}

/// A control group that this process is in, or one above it, with the files of its version.
private struct ControlGroup {
  let folder: String
  let names: (limit: String, usage: String, cache: String)
  let root: String

  /// What the group leaves: its limit less what is used and cannot be dropped at need.
  var room: HostMemory? {
    // Version 2 says "max" where there is no limit, version 1 a number near 2^63.
    guard let limit = number(names.limit), limit < 1 << 60, let usage = number(names.usage)
    else { return nil }
    let cache = HostMemory.lines(of: folder + "/memory.stat")
      .first { $0.hasPrefix(names.cache + " ") }?.split(separator: " ").last.flatMap { Int($0) }
    return HostMemory(
      bytes: max(0, limit - max(0, usage - (cache ?? 0))),
      source: "the limit of \(limit) in \(folder.dropFirst(root.count))/\(names.limit)")
  }

  private func number(_ name: String) -> Int? {
    HostMemory.lines(of: folder + "/" + name).first.flatMap { Int($0) }
  }

  /// The groups of this process up to the root of what is mounted.
  static func all(_ root: String) -> [ControlGroup] {
    HostMemory.lines(of: root + "/proc/self/cgroup").flatMap { line -> [ControlGroup] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let isSecond = parts[0] == "0" && parts[1].isEmpty
      guard isSecond || parts[1].split(separator: ",").contains("memory") else { return [] }
      let names =
        isSecond
        ? ("memory.max", "memory.current", "inactive_file")
        : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
      let mount = root + "/sys/fs/cgroup" + (isSecond ? "" : "/memory")
      var groups: [ControlGroup] = []
      // Inside a container the path may name what is not mounted there: then only its root counts.
      var path = parts[2].split(separator: "/")
      for _ in 0...path.count {
        let folder = ([mount] + path.map(String.init)).joined(separator: "/")
        groups.append(ControlGroup(folder: folder, names: names, root: root))
        if !path.isEmpty { path.removeLast() }
      }
      return groups
    }
  }
}
