internal import Cluster
internal import Foundation
internal import Inputs

/// A unit that fails, as the tests ask for.
private struct UnitFault: Error {}

extension Probe {
  /// Fake units of random cost; each rank appends what it keeps to a file of its own.
  ///
  /// The options: count, threads, milliseconds (the most a unit takes), work (spin or sleep),
  /// failing (units), folder, heartbeat and silence (milliseconds), die, freeze, stop, lose and
  /// uncommitted (ranks), after (milliseconds until die, freeze, stop or lose), bytes (of a result),
  /// begins (1: each unit that begins is said), hang (1: in place of all units, deaf to stops).
  func units() throws -> Int32 {
    let count = options.int("count", or: 10)
    let longest = options.int("milliseconds", or: 5)
    let units = (0..<count).map { WorkUnit(number: $0 * 3, cost: Double(cost($0, longest))) }
    let settings = UnitScheduler.Settings(
      computeThreads: options.int("threads", or: 1),
      heartbeat: .milliseconds(options.int("heartbeat", or: 2000)),
      silenceLimit: .milliseconds(options.int("silence", or: 60_000)))
    let hangs = options.int("hang", or: 0) == 1
    let stop = StopSignal.installed(givingUpAfter: hangs ? 1 : nil)
    if hangs {
      say("begins")
      while true { sleep(.seconds(1)) }
    }
    startFault(stop)

    let file = options.text("folder").map { "\($0)/rank-\(world.rank)" }
    if let file { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    let journal = file.flatMap { FileHandle(forWritingAtPath: $0) }
    let isFull = options.list("uncommitted", has: world.rank)
    let isSpinning = options.text("work") == "spin"
    let size = options.int("bytes", or: 8)
    let begins = options.int("begins", or: 0) == 1
    let rank = world.rank
    let failing = Set((0..<count).filter { options.list("failing", has: $0 * 3) }.map { $0 * 3 })

    let start = ContinuousClock.now
    let handlers = UnitScheduler.Handlers(
      compute: { unit in
        if begins { Probe.say("begins \(unit)", of: rank) }
        let time = Duration.milliseconds(cost(unit / 3, longest))
        if isSpinning { spin(time) } else { sleep(time) }
        if failing.contains(unit) { throw UnitFault() }
        return (0..<size).map { UInt8(truncatingIfNeeded: unit &+ $0) }
      },
      keep: { unit, _ in
        if isFull {
          throw Refusal(.resources, file: "journal", found: "a full disk", expected: "room")
        }
        journal?.write(Data("\(unit)\n".utf8))
      },
      sync: {},
      finished: { result in
        let expected = (0..<size).map { UInt8(truncatingIfNeeded: result.unit &+ $0) }
        say("done \(result.unit) on \(result.rank) \(result.bytes == expected)")
      },
      failed: { say("failed \($0.unit) on \($0.rank) host \($0.host): \($0.message)") })
    let outcome = try UnitScheduler(units: units, settings: settings)
      .run(on: world, stop: stop, handlers)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    say("\(outcome) wall \(start.duration(to: .now) / .seconds(1)) cpu \(cpu)")
    return outcome == .stopped ? 75 : 0
  }

  /// A thread that lets this rank die, stand still, ask for a stop or lose its folder after a while.
  private func startFault(_ stop: StopSignal) {
    let delay = UInt32(options.int("after", or: 300)) * 1000
    if options.list("lose", has: world.rank) {
      Thread.detachNewThread {
        usleep(delay)
        stop.request(
          because: Refusal(.store, file: "lease", found: "another run", expected: "this one"))
      }
    }
    for (name, signal) in [("die", SIGKILL), ("freeze", SIGSTOP), ("stop", SIGTERM)]
    where options.list(name, has: world.rank) {
      Thread.detachNewThread {
        usleep(delay)
        kill(getpid(), signal)
      }
    }
  }
}

private func seconds(_ time: timeval) -> Double {
  Double(time.tv_sec) + Double(time.tv_usec) / 1e6
}

/// Milliseconds of a unit: most are short, a few the longest.
private func cost(_ index: Int, _ longest: Int) -> Int {
  let random = (index &* 2_654_435_761) >> 7 & 63
  return random < 6 ? longest : longest * random / 256
}

private func sleep(_ time: Duration) {
  usleep(UInt32(max(1, time / .microseconds(1))))
}

private func spin(_ time: Duration) {
  let start = ContinuousClock.now
  while start.duration(to: .now) < time {}
}
