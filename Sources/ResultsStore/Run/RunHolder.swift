internal import Foundation
package import Inputs

/// Who holds a run's folder, as seen by a reader that waits for nothing.
package struct RunHolder: Sendable {
  package enum Life: Sendable, Equatable {
    /// The run ended and gave the folder back.
    case released
    /// Its process runs on this host, or its lease was renewed of late.
    case alive
    /// Its process is gone.
    case gone
    /// It is on another host, and has not renewed its lease for so many seconds.
    case silent(seconds: Int)
  }

  package let run: RunID
  package let host: String
  package let process: Int
  /// The Slurm job's number; empty outside of Slurm.
  package let slurmJob: String
  /// When the run began, by its host's clock.
  package let since: String
  package let life: Life

  /// How long a lease on another host may look old: heartbeats are seconds apart, but network file
  /// systems show old times for up to a minute.
  private static let patience = 90

  /// The holder of the highest lease; nil where the folder was never held.
  ///
  /// - Throws: `store`, with the file, where the lease cannot be read.
  package static func of(_ folder: RunFolder) throws(Refusal) -> RunHolder? {
    let leases = folder.path + "/lease"
    guard try FileKind.of(leases) == .folder, let number = try RunLock.leaseNumbers(leases).last
    else { return nil }
    let path = RunLock.path(number, in: leases)
    let lease = try RunLease(try RunLock.read(number, in: leases), file: path)
    return RunHolder(
      run: lease.run, host: lease.holder.host, process: lease.holder.process,
      slurmJob: lease.slurmJob, since: lease.since, life: try life(of: lease, path))
  }

  /// What is wrong with the leases of a folder, one refusal for each that is damaged.
  package static func faults(of folder: RunFolder) throws(Refusal) -> [Refusal] {
    let leases = folder.path + "/lease"
    guard try FileKind.of(leases) == .folder else { return [] }
    var faults: [Refusal] = []
    for number in try RunLock.leaseNumbers(leases) {
      do throws(Refusal) {
        _ = try RunLease(
          try RunLock.read(number, in: leases), file: RunLock.path(number, in: leases))
      } catch { faults.append(error) }
    }
    return faults
  }

  private static func life(of lease: RunLease, _ path: String) throws(Refusal) -> Life {
    if lease.state == .released { return .released }
    if let isAlive = lease.holder.isAlive(seenFrom: try ProcessIdentity.current()) {
      return isAlive ? .alive : .gone
    }
    var status = stat()
    try system("stat", path) { Int(stat(path, &status)) }
    let age = max(0, time(nil) - status.st_mtim.tv_sec)
    return age <= patience ? .alive : .silent(seconds: age)
  }
}
