import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// A run that dies or fails at a system call that changes a file, whichever it is, leaves a folder
  /// that the same command finishes with the bytes of a run that nothing disturbed.
  ///
  /// `strace` does it from outside, so the tool has no hooks for it. Its documentation:
  /// <https://man7.org/linux/man-pages/man1/strace.1.html>.
  @Suite(
    .serialized, .timeLimit(.minutes(30)),
    .enabled(if: Strace.works, "needs strace, and the right to trace a process"))
  struct SystemCalls {
    /// Every how many calls one is disturbed; 1 is all of them.
    static let step = runsSlowTests ? 1 : 25

    @Test
    func `killed at a call that changes a file, a run loses nothing and counts nothing twice`()
      async throws
    {
      let trial = try await Trial()
      var (runs, kills) = (0, 0)
      for (call, count) in trial.calls {
        for number in stride(from: 1, through: count, by: Self.step) {
          let what = "\(call) \(number) of \(count)"
          let ended = try await trial.run(injecting: "\(call):signal=SIGKILL:when=\(number)")
          // Which thread makes the last calls of a kind is not the same in every run.
          #expect([0, 137].contains(ended.code), "\(what): \(ended.errors)")
          runs += 1
          kills += ended.code == 137 ? 1 : 0
          try await trial.expectWhole(what)
        }
      }
      #expect(kills * 10 >= runs * 9, "\(kills) kills in \(runs) runs")
    }

    /// What a device, a quota and a file system can answer.
    @Test(arguments: ["ENOSPC", "EIO", "EDQUOT", "EROFS"])
    func `failed at a call that changes a file, a run says so and goes on later`(error: String)
      async throws
    {
      let trial = try await Trial()
      // Each error starts elsewhere, so that together they meet more calls than each alone.
      let first = ["ENOSPC": 1, "EIO": 2, "EDQUOT": 3, "EROFS": 4][error] ?? 1
      for (call, count) in trial.calls {
        for number in stride(from: min(first, count), through: count, by: Self.step * 3) {
          // Once, and from there on.
          for more in ["", "+"] {
            let what = "\(error) at \(call) \(number)\(more) of \(count)"
            let ended = try await trial.run(
              injecting: "\(call):error=\(error):when=\(number)\(more)")
            let isLimit = error == "ENOSPC" || error == "EDQUOT"
            // A full disk is the machine's to mend, anything else the folder's. What fails on the
            // way out, once all is stored, may be passed over.
            #expect(
              [0, isLimit ? 6 : 5, 75].contains(ended.code),
              "\(what): \(ended.code) \(ended.errors)")
            // Where every write fails, so does that of the message.
            if [5, 6].contains(ended.code), call != "write" || more.isEmpty {
              #expect(ended.errors.contains("(\(error))"), "\(what): \(ended.errors)")
              #expect(ended.said.count == 1, "\(what): \(ended.errors)")
            }
            try await trial.expectWhole(what)
          }
        }
      }
    }

    @Test(arguments: ["write", "pwrite64", "fsync", "fdatasync"])
    func `calls that a signal interrupts are made again`(call: String) async throws {
      let trial = try await Trial()
      let ended = try await trial.run(injecting: "\(call):error=EINTR:when=2+3")
      #expect(ended.code == 0, "\(ended.errors)")
      try await trial.expectWhole("interrupted calls")
    }

    @Test func `slow syncs change nothing`() async throws {
      let trial = try await Trial()
      let ended = try await trial.run(injecting: "fsync:delay_enter=20000")
      #expect(ended.code == 0, "\(ended.errors)")
      try await trial.expectWhole("slow syncs")
    }
  }
}

/// A small run, the calls that it makes to change files, and what it must come to.
private struct Trial {
  let bench: Workbench
  /// How often each call was made by the thread that made it most.
  let calls: [(name: String, count: Int)]
  private let expected: StoredRun

  static let names = [
    "write", "pwrite64", "fsync", "fdatasync", "rename", "link", "unlink", "mkdir",
  ]

  init() async throws {
    // One fact and one place to restore: every kind of commit there is, and few of each.
    let facts = """
      [{"prompt": "The tower of Marlow stands in the city of", "subject": "tower of Marlow",
        "answer": "London"}]
      """
    let job = Workbench.job.split(separator: "[[restore]]").prefix(2).joined(
      separator: "[[restore]]")
    bench = try Workbench(TinyModel(.gpt2, layers: 2), facts: facts, job: job, isInMemory: true)
    try await bench.finish("whole")
    expected = try bench.stored("whole")
    let log = bench.path("calls")
    let ended = try await RunningTool(
      ["run", bench.path("job.toml"), "-o", bench.path("traced")], ranks: nil,
      under: Strace.words(["-o", log, "-e", "trace=" + Self.names.joined(separator: ",")])
    ).end()
    #expect(ended.code == 0, "\(ended.errors)")
    calls = Self.counts(try String(contentsOfFile: log, encoding: .utf8))
    #expect(
      Set(calls.map(\.name)).isSuperset(of: ["write", "fsync", "fdatasync", "rename", "mkdir"]))
  }

  /// Starts the run anew, in a folder of its own, with one fault.
  func run(injecting fault: String) async throws -> ToolRun {
    try? FileManager.default.removeItem(atPath: bench.path("run"))
    return try await RunningTool(
      ["run", bench.path("job.toml"), "-o", bench.path("run")], ranks: nil,
      under: Strace.words(["-o", "/dev/null", "-e", "inject=\(fault)"])
    ).end()
  }

  /// What is journaled is right, the folder has no fault, and the same command finishes it.
  func expectWhole(_ what: String) async throws {
    var before: [UInt64: [UInt8]] = [:]
    if bench.has("run/spec.json") {
      let verified = try await RunningTool(["verify", bench.path("run")], ranks: nil).end()
      #expect([0, 75].contains(verified.code), "\(what): \(verified.errors)\(verified.output)")
      before = try bench.stored("run").records
      let odd = before.filter { expected.records[$0.key] != $0.value }
      #expect(odd.isEmpty, "\(what): other records")
    }
    let ended = try await bench.finish("run")
    #expect(ended.code == 0, "\(what): \(ended.errors)")
    let after = try bench.stored("run")
    #expect(after.duplicates == 0, "\(what)")
    #expect(Set(before.keys).isSubset(of: after.records.keys), "\(what)")
    after.expectSame(as: expected, what)
  }

  /// The most calls of each name that one thread made, from lines such as `17 fsync(5) = 0`.
  private static func counts(_ log: String) -> [(name: String, count: Int)] {
    var counts: [String: [Substring: Int]] = [:]
    for line in log.split(separator: "\n") {
      // Numbers of processes are padded to five places.
      guard let blank = line.firstIndex(of: " ") else { continue }
      let call = line[blank...].drop { $0 == " " }
      guard let end = call.firstIndex(of: "(") else { continue }
      counts[String(call[..<end]), default: [:]][line[..<blank], default: 0] += 1
    }
    return names.compactMap { name in
      counts[name]?.values.max().map { (name, $0) }
    }
  }
}

/// The tracer of system calls.
enum Strace {
  /// Whether it is there and may trace.
  static let works: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words(["-o", "/dev/null", "true"])
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// Of every thread, and without a word of its own.
  static func words(_ options: [String]) -> [String] { ["strace", "-f", "-qq"] + options }
}
