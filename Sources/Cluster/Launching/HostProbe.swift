internal import Foundation
internal import Inputs

/// Finds out which hosts can still run a rank: each starts the program alone, by the same way.
struct HostProbe {
  private static let time = Duration.seconds(20)
  /// Hosts asked at once.
  private static let width = 16

  /// What is started, with `--version`.
  let program: String
  let stop: StopSignal

  /// The hosts that gave no answer in time. Ends early, with less, once a stop is requested.
  func lost(of hosts: [String]) throws(Refusal) -> Set<String> {
    var lost: Set<String> = []
    for start in stride(from: 0, to: hosts.count, by: Self.width) {
      lost.formUnion(try lostAtOnce(of: hosts[start..<min(start + Self.width, hosts.count)]))
    }
    return lost
  }

  private func lostAtOnce(of hosts: ArraySlice<String>) throws(Refusal) -> Set<String> {
    var open: [(host: String, child: ChildProcess)] = []
    defer { for (_, child) in open { child.end() } }
    for host in hosts {
      let words =
        ["mpirun", "--host", host, "-n", "1", "--bind-to", "none"] + RankStarter.keepalive
      open.append((host, try ChildProcess(words + [program, "--version"], output: "/dev/null")))
    }
    var lost: Set<String> = []
    let start = ContinuousClock.now
    while !open.isEmpty, !stop.isRequested, start.duration(to: .now) < Self.time {
      for (host, child) in open {
        if let code = child.code(), code != 0 { lost.insert(host) }
      }
      open.removeAll { $0.child.code() != nil }
      usleep(20_000)
    }
    return lost.union(open.map(\.host))
  }
}
