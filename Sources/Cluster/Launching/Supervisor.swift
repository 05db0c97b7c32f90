internal import Foundation
public import Inputs

/// Starts a program's ranks, and starts them again with what is left once a rank or a host is lost.
///
/// The program's own exit codes tell the two apart: a refusal, an end and a stop stand, anything
/// else is a loss. The run's files say whether a start had come to work, so that ranks which could
/// not even begin are not started again and again.
public struct Supervisor {
  /// What to start, and how often.
  public struct Settings: Sendable {
    public var starter: RankStarter
    /// Nil: as many as the allocation or the hostfile says.
    public var ranks: Int?
    public var hosts: HostFile?
    /// How often lost ranks are started again, at most.
    public var restarts: Int

    public init(starter: RankStarter, ranks: Int?, hosts: HostFile?, restarts: Int) {
      precondition(restarts >= 0, "\(restarts) restarts")
      (self.starter, self.ranks, self.hosts, self.restarts) = (starter, ranks, hosts, restarts)
    }
  }

  /// What the run's files say, read anew by each call.
  public struct RunFiles {
    /// How many starts have come to work so far.
    public let starts: () -> Int
    /// 0 or 1 once all is done; nil while something is left.
    public let finalCode: () -> Int32?
    /// Whether the ranks have given the run back, which is the last that they do.
    public let isGivenBack: () -> Bool

    public init(
      starts: @escaping () -> Int, finalCode: @escaping () -> Int32?,
      isGivenBack: @escaping () -> Bool
    ) {
      (self.starts, self.finalCode, self.isGivenBack) = (starts, finalCode, isGivenBack)
    }
  }

  private let settings: Settings
  private let files: RunFiles
  private let stop: StopSignal
  private let say: (String) -> Void
  private let environment = ProcessInfo.processInfo.environment

  /// How long ranks that were asked to stop may take, and `mpirun` then to end them; how long
  /// `mpirun` may take to notice that they have, and be stuck before it is ended.
  private static let grace = (
    stop: Duration.seconds(10), end: Duration.seconds(5), notice: Duration.milliseconds(1300),
    stuck: Duration.seconds(5)
  )

  /// - Parameters:
  ///   - stop: A request is passed on to the ranks, which then end with code 75.
  ///   - say: Takes a line for the user.
  public init(
    _ settings: Settings, files: RunFiles, stop: StopSignal, say: @escaping (String) -> Void
  ) {
    (self.settings, self.files, self.stop, self.say) = (settings, files, stop, say)
  }

  /// Runs the program on all ranks until it ends for good.
  ///
  /// - Returns: The code to exit with: the program's own, or 75 after a stop.
  /// - Throws: `cluster`, where the ranks were lost once too often, or no host is left.
  public func run(_ program: [String]) throws(Refusal) -> Int32 {
    var (ranks, hosts) = (settings.ranks, settings.hosts)
    if ranks == nil, let slots = hosts?.slots { ranks = slots }
    var restarts = 0
    while true {
      let before = files.starts()
      let code = try start(program, ranks, hosts)
      let hasWorked = files.starts() > before
      if let final = verdict(on: code, hasWorked: hasWorked) { return final }
      guard restarts < settings.restarts else {
        throw Refusal(
          .cluster, found: "ranks lost (\(Self.words(for: code))) after \(restarts) restarts",
          expected: "all of them to live; the same command goes on")
      }
      restarts += 1
      var lost: Set<String> = []
      if let all = hosts {
        lost = try HostProbe(program: program[0], stop: stop).lost(of: all.hosts)
        if stop.isRequested { return 75 }
        hosts = all.without(lost)
        ranks = try Self.ranks(ranks, on: hosts, of: all, lost)
        for host in lost.sorted() { say("host \(escaped(host)) is lost") }
      }
      guard hasWorked || code != 1 || !lost.isEmpty else {
        throw Refusal(
          .cluster, field: settings.starter.rawValue, found: "no start of the ranks (code 1)",
          expected: "a start; its own messages say why there was none")
      }
      let place = hosts.map { " on \($0.hosts.count) hosts" } ?? ""
      let count = ranks.map { "\($0) ranks" } ?? "ranks"
      say(
        "lost (\(Self.words(for: code))); restart \(restarts) of at most \(settings.restarts), "
          + "\(count)\(place)")
    }
  }

  /// As many ranks as fit on what is left.
  private static func ranks(
    _ ranks: Int?, on left: HostFile?, of all: HostFile, _ lost: Set<String>
  ) throws(Refusal) -> Int? {
    guard let left, !left.hosts.isEmpty else {
      throw Refusal(
        .cluster, found: "all hosts lost: \(lost.sorted().map(escaped).joined(separator: ", "))",
        expected: "a host that answers; the same command goes on")
    }
    guard let ranks else { return nil }
    if let slots = left.slots, let before = all.slots {
      // Where there were more ranks than slots before, as many for each slot.
      return ranks <= before ? min(ranks, slots) : max(1, ranks * slots / before)
    }
    return max(1, ranks * left.hosts.count / all.hosts.count)
  }

  /// Runs the ranks once.
  private func start(
    _ program: [String], _ ranks: Int?, _ hosts: HostFile?
  ) throws(Refusal) -> Int32 {
    let path = NSTemporaryDirectory() + "causeway-\(getpid())-hosts"
    defer { unlink(path) }
    if let hosts {
      do { try hosts.text.write(toFile: path, atomically: true, encoding: .utf8) } catch {
        throw Refusal(
          .resources, file: path, found: escaped(error.localizedDescription),
          expected: "room for the list of hosts")
      }
    }
    let words = settings.starter.words(
      ranks: ranks, hostFile: hosts == nil ? nil : path, environment: environment)
    let child = try ChildProcess(words + program)
    return wait(for: child)
  }

  /// Waits for the end; passes a stop on, and makes an end where it is not heeded.
  private func wait(for child: ChildProcess) -> Int32 {
    var asked: ContinuousClock.Instant?
    var isTold = false
    var free = ContinuousClock.now
    var looked = free
    while true {
      if let code = child.code() { return code }
      // srun may well wait for a lock while all is well.
      if settings.starter == .mpirun, looked.duration(to: .now) > .seconds(1) {
        looked = .now
        if !seemsStuck(child.id) { free = looked }
        if free.duration(to: looked) > Self.grace.stuck {
          child.end()
          say("mpirun was stuck without ranks and has been ended")
          return files.finalCode() ?? 128 + SIGKILL
        }
      }
      if let asked {
        let time = asked.duration(to: .now)
        // Open MPI waits for ranks that are gone, some seconds where there are hosts.
        if time > Self.grace.notice, files.isGivenBack() {
          child.end()
          return 75
        }
        if time > Self.grace.stop, !isTold {
          isTold = true
          child.send(SIGTERM)
        }
        if time > Self.grace.stop + Self.grace.end {
          child.end()
          return 128 + SIGKILL
        }
      } else if stop.isRequested {
        asked = .now
        // Both pass this one on to every rank at once, and leave them the time they need.
        child.send(SIGUSR1)
      }
      usleep(10_000)
    }
  }

  /// The code to end with; nil where ranks were lost.
  private func verdict(on code: Int32, hasWorked: Bool) -> Int32? {
    switch code {
    case 0, 2, 3, 4, 5, 6, 70, 75: return code
    // Also what mpirun says where it cannot start a rank.
    case 1: if let final = files.finalCode() { return final }
    // Ranks that disagree before any work would do so again.
    case 7: if !hasWorked { return code }
    default: break
    }
    return stop.isRequested ? 75 : nil
  }

  private static func words(for code: Int32) -> String {
    code > 128 && code < 128 + 65 ? "signal \(code - 128)" : "code \(code)"
  }
}
