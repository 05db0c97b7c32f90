import Foundation
import Testing

/// A run of the probe, alone or under `mpirun`, with what it wrote and how it ended.
struct ProbeRun {
  let exitCode: Int32
  let lines: [String]
  let errors: String
  /// From the start of the launcher to its end.
  let seconds: Double

  /// Lines of standard output that hold the text.
  func lines(with text: String) -> [String] { lines.filter { $0.contains(text) } }
}

/// A probe that runs. Its processes are known by a word of their command line.
final class RunningProbe {
  private let process = Process()
  private let folder: URL
  private let mark = "mark=\(UUID().uuidString)"
  private let start = ContinuousClock.now

  /// - Parameter ranks: How many ranks `mpirun` starts; nil runs the probe without it.
  init(_ arguments: [String], ranks: Int?, environment: [String: String] = [:]) throws {
    folder = try temporaryFolder()
    // The tests' bundle lies beside the executables.
    let products = Bundle.module.bundleURL.deletingLastPathComponent()
    let probe = products.appendingPathComponent("_ClusterProbe").path
    let launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n"]
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = (ranks.map { launcher + ["\($0)"] } ?? []) + [probe] + arguments + [mark]
    process.environment = ProcessInfo.processInfo.environment
      .merging([
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "SWIFT_BACKTRACE": "enable=no",
        // What a killed mpirun leaves goes with the folder; in shared memory it would stay.
        "TMPDIR": folder.path, "OMPI_MCA_btl_vader_backing_directory": folder.path,
      ]) { $1 }
      .merging(environment) { $1 }
    for name in ["out", "err"] {
      try Data().write(to: folder.appendingPathComponent(name))
    }
    process.standardOutput = try FileHandle(forWritingTo: folder.appendingPathComponent("out"))
    process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent("err"))
    process.standardInput = FileHandle.nullDevice
    // The tests' threads block signals, and a child would inherit that.
    var (none, old) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    try process.run()
  }

  /// The launcher's process, or the probe's where there is none.
  var launcher: pid_t { process.processIdentifier }

  /// Waits for the end; a run that outlasts the limit is killed and fails the test.
  func end(within limit: Duration = .seconds(120)) async throws -> ProbeRun {
    while process.isRunning {
      if start.duration(to: .now) > limit {
        Issue.record("the probe still ran after \(limit); it wrote \(try lines())")
        for id in [launcher] + ranks { kill(id, SIGKILL) }
        break
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    process.waitUntilExit()
    let seconds = start.duration(to: .now) / .seconds(1)
    return ProbeRun(
      exitCode: process.terminationStatus, lines: try lines(),
      errors: try String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8),
      seconds: seconds)
  }

  /// Waits until the ranks have written this many lines with the text.
  func wait(for count: Int, linesWith text: String) async throws {
    while try lines().count(where: { $0.contains(text) }) < count {
      try #require(process.isRunning && start.duration(to: .now) < .seconds(100))
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Waits for so many lines beside those that are there.
  func wait(forMore count: Int, linesWith text: String) async throws {
    try await wait(for: count + lines().count(where: { $0.contains(text) }), linesWith: text)
  }

  private func lines() throws -> [String] {
    try String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// The probe's processes that are alive, without the launcher; zombies do not count.
  var ranks: [pid_t] {
    let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return ids.compactMap { pid_t($0) }.filter { id in
      guard id != launcher || process.arguments?.first != "mpirun",
        let command = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8),
        command.contains(mark), !command.hasPrefix("mpirun"), let state = Self.state(of: id)
      else { return false }
      return state != "Z"
    }
  }

  /// The letter that the kernel has for what a process does; nil if there is none.
  private static func state(of process: pid_t) -> Substring? {
    let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.split(separator: " ").first
  }

  /// Waits until one of the ranks stands still, and returns its process.
  func waitForFrozen() async throws -> pid_t {
    while true {
      if let frozen = ranks.first(where: { Self.state(of: $0) == "T" }) { return frozen }
      try #require(process.isRunning && start.duration(to: .now) < .seconds(100))
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Whether all of the probe's processes are gone within ten seconds.
  func leavesNothing() async throws -> Bool {
    for _ in 0..<100 {
      if ranks.isEmpty { return true }
      try await Task.sleep(for: .milliseconds(100))
    }
    return false
  }

  deinit { try? FileManager.default.removeItem(at: folder) }
}

/// Runs the probe to its end.
func probe(
  _ arguments: String..., ranks: Int?, environment: [String: String] = [:]
) async throws -> ProbeRun {
  try await RunningProbe(arguments, ranks: ranks, environment: environment).end()
}

/// A new empty folder.
func temporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("cluster-\(UUID().uuidString.prefix(8))")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
