import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// What is journaled survives a kill at any moment, and the same command finishes the run.
  @Suite(.serialized, .timeLimit(.minutes(60)))
  struct Kills {
    /// 50, or what `CAUSEWAY_KILLS` says.
    static let killCount =
      ProcessInfo.processInfo.environment["CAUSEWAY_KILLS"].flatMap { Int($0) } ?? 50
    /// Runs that are under attack at once: most of the time is mpirun's, which waits.
    static let assaults = 3
    /// How a run is started: alone, or with so many ranks.
    static let launches: [Int?] = [nil, 1, 2, 3, 4]

    @Test func `kills of ranks and of mpirun lose nothing and count nothing twice`() async throws {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 12"),
        isInMemory: true)
      let whole = try await bench.finish("whole", ranks: 2)
      let expected = try bench.stored("whole")
      let count = (Self.killCount + Self.assaults - 1) / Self.assaults
      try await withThrowingTaskGroup { group in
        for number in 0..<Self.assaults {
          group.addTask {
            var assault = Assault(
              bench: bench, expected: expected, seconds: whole.seconds, seed: UInt64(20 + number))
            var runs = 0
            // Kills that strike before the first unit prove little.
            while assault.kills < count || assault.killsAmidWork < (count + 3) / 4 {
              runs += 1
              try await assault.run("run-\(number)-\(runs)")
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}

/// Big enough to work for some seconds.
let heavyModel = TinyModel(.llama, layers: 8, width: 128, vocabulary: 1024)
let heavyJob = Workbench.job.replacing("samples = 6", with: "samples = 24")

extension Workbench {
  /// The heavy job with so many samples that its work takes that long on this machine, now.
  static func heavyJob(lasting seconds: Double) async throws -> String {
    let bench = try Workbench(heavyModel, job: causewayTests.heavyJob)
    let tool = try bench.start("run", ranks: 2)
    _ = try await tool.wait { StoredRun.journalBytes(bench.path("run")) > 0 }
    let start = tool.seconds
    let ended = try await tool.end()
    #expect(ended.code == 0, "\(ended.errors)")
    let samples = 24 * seconds / max(0.02, ended.seconds - start)
    return causewayTests.heavyJob.replacing(
      "samples = 24", with: "samples = \(max(24, Int(samples.rounded(.up))))")
  }
}

/// Starts runs, kills them at random moments, and starts them again.
private struct Assault {
  let bench: Workbench
  /// Of a run that nothing disturbed, and how long that took.
  let expected: StoredRun
  let seconds: Double
  var kills = 0
  var killsAmidWork = 0
  private var random: SeededRandom

  init(bench: Workbench, expected: StoredRun, seconds: Double, seed: UInt64) {
    (self.bench, self.expected, self.seconds) = (bench, expected, seconds)
    random = SeededRandom(seed: seed)
  }

  /// Runs a job until it is finished, killing it on the way.
  mutating func run(_ name: String) async throws {
    var known: [UInt64: [UInt8]] = [:]
    var struck = 0
    while true {
      let ranks = EndToEnd.Kills.launches.randomElement(using: &random) ?? nil
      // A rank that is asked to end gets no grace: the less it has, the more is a kill.
      let tool = try RunningTool(
        ["run", bench.path("job.toml"), "-o", bench.path(name)], ranks: ranks,
        environment: ["OMPI_MCA_odls_base_sigkill_timeout": "0"])
      // A unit that was in flight at three deaths is set aside: two are as many as one run gets.
      let wasKilled = struck < 2 ? try await kill(tool, ranks: ranks, name) : false
      let ended = try await tool.end(mayBeStuck: wasKilled)
      try await tool.waitForRanks()
      guard wasKilled, ended.code != 0 else {
        #expect(ended.code == 0, "\(ended.errors)")
        break
      }
      kills += 1
      struck += 1
      known = try check(name, known)
    }
    let stored = try bench.stored(name)
    #expect(stored.duplicates == 0)
    stored.expectSame(as: expected, "after \(kills) kills")
    try? FileManager.default.removeItem(atPath: bench.path(name))
  }

  /// Kills a rank or the launcher, at a moment between the start and what a run takes, or soon
  /// after this start has journaled its first unit; false if the run was quicker.
  private mutating func kill(
    _ tool: RunningTool, ranks: Int?, _ name: String
  ) async throws -> Bool {
    let isAmidWork = Bool.random(using: &random)
    let delay = Double.random(in: 0...1, using: &random)
    let ofLauncher = Int.random(in: 0..<3, using: &random) == 0
    let choice = Int.random(in: 0..<4, using: &random)
    let before = StoredRun.journalBytes(bench.path(name))
    var moment = delay * seconds
    if isAmidWork {
      guard
        try await tool.wait(until: { StoredRun.journalBytes(bench.path(name)) > before + 200 })
      else { return false }
      moment = tool.seconds + delay * delay * seconds / 2
    }
    guard try await tool.wait(until: { tool.seconds >= moment }) else { return false }
    let victims = tool.processes()
    let victim = ofLauncher || victims.isEmpty ? tool.launcher : victims[choice % victims.count]
    guard Foundation.kill(victim, SIGKILL) == 0 else { return false }
    if StoredRun.journalBytes(bench.path(name)) > before { killsAmidWork += 1 }
    return true
  }

  /// The records that are there now: all those before, each as an undisturbed run has it.
  private func check(
    _ name: String, _ known: [UInt64: [UInt8]]
  ) throws -> [UInt64: [UInt8]] {
    guard bench.has("\(name)/spec.json") else { return known }
    let stored = try bench.stored(name)
    #expect(stored.duplicates == 0)
    #expect(Set(known.keys).isSubset(of: stored.records.keys), "lost after kill \(kills)")
    for (unit, bytes) in stored.records where expected.records[unit] != bytes {
      Issue.record("unit \(unit) differs after kill \(kills)")
    }
    return stored.records
  }
}
