internal import Foundation
package import Inputs

/// One start of a run, as its file in `log/` tells.
package struct RunAttempt: Sendable {
  package let run: String
  package let start: String
  /// Nil where it was stopped or killed, or goes on.
  package let end: String?
  package let ranks: Int
  /// The host of each rank.
  package let hosts: [String]

  package static func path(of run: String, in folder: RunFolder) -> String {
    "\(folder.log)/attempt-\(run).json"
  }

  /// Reads one file of the folder `log`.
  package init(_ path: String) throws(Refusal) {
    let record = try SealedRecord.read(path)
    run = try record["run"].string()
    start = try record["start"].string()
    end = try record.optional("end")?.string()
    ranks = try record["ranks"].int()
    var hosts: [String] = []
    for host in try record["hosts"].items() { hosts.append(try host.string()) }
    self.hosts = hosts
  }
}

/// All starts of a run, the first one first.
package struct RunAttempts: Sendable {
  package private(set) var attempts: [RunAttempt] = []
  /// Files that could not be read, and why.
  package private(set) var faults: [Refusal] = []

  /// How many starts of a run have come to work; 0 where there is no run folder.
  package static func count(in folder: String) -> Int { names(in: folder + "/log").count }

  /// Whether a run folder is in nobody's hands since its last start gave it back.
  package static func isGivenBack(in folder: String) -> Bool {
    guard let folder = try? RunFolder.open(folder), let holder = try? RunHolder.of(folder) else {
      return false
    }
    return holder.life == .released
  }

  private static func names(in log: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: log)) ?? [])
      .filter { $0.hasPrefix("attempt-") && $0.hasSuffix(".json") }.sorted()
  }

  package init(_ folder: RunFolder) {
    for name in Self.names(in: folder.log) {
      do throws(Refusal) {
        attempts.append(try RunAttempt("\(folder.log)/\(name)"))
      } catch { faults.append(error) }
    }
    attempts.sort { ($0.start, $0.run) < ($1.start, $1.run) }
  }

  /// Whether a start has come to its end, and so wrote all that it had to say.
  package func hasEnded(_ run: RunID) -> Bool {
    attempts.contains { $0.run == run.description && $0.end != nil }
  }

  /// The host of a rank in a start, if that is known.
  package func host(of rank: Int, in run: RunID) -> String? {
    guard let attempt = attempts.first(where: { $0.run == run.description }),
      attempt.hosts.indices.contains(rank)
    else { return nil }
    return attempt.hosts[rank]
  }
}
