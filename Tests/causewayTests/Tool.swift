import Cluster
import Foundation
import Testing

/// A process of the tool, alone or under `mpirun`, that has ended.
struct ToolRun {
  /// What a shell would say: 128 and the signal's number where one ended it.
  let code: Int32
  let output: String
  let errors: String
  let seconds: Double

  /// What the tool itself said on standard error; `mpirun` adds its own. Left out is what runs say on
  /// some processors alone.
  var said: [String] {
    errors.split(separator: "\n").map(String.init).filter {
      $0.hasPrefix("causeway: ") && !$0.hasPrefix("causeway: OpenBLAS does not know this processor")
    }
  }
}

/// The tool as it runs. Its processes are known by a word in their environment.
final class RunningTool {
  private let process = Process()
  private let mark = UUID().uuidString
  private let scratch: URL
  private let start = ContinuousClock.now

  /// - Parameters:
  ///   - ranks: How many ranks `mpirun` starts; nil runs the tool without it.
  ///   - prefix: Words before all others, such as those that enter another host.
  ///   - wrapper: The words of a program that starts the tool, before the tool's own.
  ///   - environment: Added to the tests' own.
  init(
    _ arguments: [String], ranks: Int?, prefix: [String] = [], under wrapper: [String] = [],
    environment: [String: String] = [:]
  ) throws {
    scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("tool-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    let launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n"]
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let started = ranks.map { launcher + ["\($0)"] } ?? []
    process.arguments = prefix + started + wrapper + [Self.program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging([
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      "SWIFT_BACKTRACE": "enable=no", "CAUSEWAY_TEST_MARK": mark,
      // What a killed mpirun leaves goes with the folder; in shared memory it would stay.
      "TMPDIR": scratch.path, "OMPI_MCA_btl_vader_backing_directory": scratch.path,
      "OMPI_MCA_osc_sm_backing_directory": scratch.path,
    ]) { $1 }.merging(environment) { $1 }
    for name in ["out", "err"] { try Data().write(to: scratch.appendingPathComponent(name)) }
    process.standardOutput = try FileHandle(forWritingTo: scratch.appendingPathComponent("out"))
    process.standardError = try FileHandle(forWritingTo: scratch.appendingPathComponent("err"))
    process.standardInput = FileHandle.nullDevice
    // The tests' threads block signals, and a child would inherit that.
    var (none, old) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    try process.run()
  }

  /// The path of an executable of this package; the tests' bundle lies beside it.
  static func product(_ name: String) -> String {
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent(name).path
  }
  static let program = product("causeway")

  deinit {
    for id in processes() { kill(id, SIGKILL) }
    try? FileManager.default.removeItem(at: scratch)
  }

  /// The launcher, or the tool where there is none.
  var launcher: pid_t { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var seconds: Double { start.duration(to: .now) / .seconds(1) }

  /// Waits for the end; a run that outlasts the limit is killed and fails the test.
  ///
  /// - Parameter mayBeStuck: A launcher that seems stuck for 10 seconds is ended, as a user would,
  ///   without failing the test: a rank that is killed while it connects does that to `mpirun`.
  func end(
    within limit: Duration = .seconds(500), mayBeStuck: Bool = false
  ) async throws -> ToolRun {
    var free = ContinuousClock.now
    while process.isRunning {
      if !mayBeStuck || !seemsStuck(launcher) { free = .now }
      if free.duration(to: .now) > .seconds(10) { kill(launcher, SIGKILL) }
      if start.duration(to: .now) > limit {
        let said = try text("err")
        Issue.record("still running after \(limit): \(said)")
        for id in processes() + [launcher] { kill(id, SIGKILL) }
        break
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    process.waitUntilExit()
    let status = process.terminationStatus
    return ToolRun(
      code: process.terminationReason == .uncaughtSignal ? 128 + status : status,
      output: try text("out"), errors: try text("err"), seconds: seconds)
  }

  /// Waits until the condition holds; false if the run ended before.
  func wait(until condition: () throws -> Bool) async throws -> Bool {
    while process.isRunning {
      if try condition() { return true }
      if seconds > 400 {
        Issue.record("waited in vain: \(try text("err"))")
        return false
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    return false
  }

  /// How many times as long as on an idle machine things take here and now, at least 1: by a start
  /// of the tool, which takes a tenth of a second at most on one.
  static func slowness() async throws -> Double {
    max(1, try await RunningTool(["--help"], ranks: nil).end().seconds / 0.1)
  }

  func text(_ stream: String) throws -> String {
    String(decoding: try Data(contentsOf: scratch.appendingPathComponent(stream)), as: UTF8.self)
  }

  /// The ranks that are alive; zombies do not count.
  func processes() -> [pid_t] {
    let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return ids.compactMap { pid_t($0) }.filter { id in
      let program = Self.contents("/proc/\(id)/cmdline").split(separator: 0).first ?? []
      guard program.suffix(9).elementsEqual("/causeway".utf8),
        Data(Self.contents("/proc/\(id)/environ")).range(of: Data(mark.utf8)) != nil,
        let state = Self.contents("/proc/\(id)/stat").split(separator: UInt8(ascii: ")")).last?
          .first(where: { $0 != UInt8(ascii: " ") })
      else { return false }
      return state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
    }.sorted()
  }

  /// The first 64 KiB of a file of `/proc`, whose size says nothing; Foundation, which goes by the
  /// size, was seen to keep what it read.
  private static func contents(_ path: String) -> ArraySlice<UInt8> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
    }
    return bytes[...]
  }

  /// The processes that compute, with the number of each one's rank.
  func ranks() -> [(rank: Int, process: pid_t)] {
    processes().compactMap { id in
      let variables = Self.contents("/proc/\(id)/environ").split(separator: 0)
      let name = Array("OMPI_COMM_WORLD_RANK=".utf8)
      return variables.first { $0.starts(with: name) }
        .flatMap { Int(String(decoding: $0.dropFirst(name.count), as: UTF8.self)) }
        .map { ($0, id) }
    }
  }

  /// Waits until no rank is left, as after a kill of `mpirun`.
  func waitForRanks() async throws {
    let limit = ContinuousClock.now + .seconds(30)
    var left = processes()
    while !left.isEmpty, .now < limit {
      try await Task.sleep(for: .milliseconds(20))
      left = processes()
    }
    for id in left { kill(id, SIGKILL) }
    #expect(left.isEmpty, "ranks left after 30 s")
  }
}
