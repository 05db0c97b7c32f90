internal import Cluster
internal import Foundation
internal import Inputs
internal import ResultsStore

/// A run's folder in the hands of rank 0: claimed, shown to live, and given back.
final class HeldRun {
  let folder: RunFolder
  let files: FileWriter
  private let lock: RunLock
  private let started = Provenance.now()
  private var ranks = 0
  private var hosts: [String] = []

  /// Makes the folder, or takes up the run that is in it.
  ///
  /// - Parameter stop: Is asked to stop where another run takes the folder.
  init(
    _ options: RunOptions, _ spec: RunSpec, provenance: [Attribute.Member],
    observer: any RunObserver, stop: StopSignal
  ) throws(Refusal) {
    var random = SystemRandomNumberGenerator()
    files = FileWriter(run: RunID(using: &random), rank: 0)
    var patience = RunLock.Patience()
    patience.takeOver = options.takeOver
    let claim = try RunFolder.claim(
      options.output, spec: spec, provenance: provenance, by: files, patience: patience)
    if let reason = claim.lock.tookOver { observer.note(reason) }
    (folder, lock) = (claim.folder, claim.lock)
    let interval = RunLock.Patience().interval
    Thread.detachNewThread { [lock = claim.lock] in
      keepAlive(lock, every: interval) { stop.request(because: $0) }
    }
  }

  /// What all ranks must know, with the units that are done and how often the others' ranks died.
  func start(done: Set<Int>, deaths: [Int: Int] = [:]) -> RunStart {
    RunStart(
      folder: folder.path, digest: folder.spec.digest, run: files.run, done: done,
      deaths: deaths.filter { !done.contains($0.key) })
  }

  /// Notes who works, for the record of this attempt.
  func log(ranks: Int, hosts: [String]) throws(Refusal) {
    (self.ranks, self.hosts) = (ranks, hosts)
    try writeLog(end: nil)
  }

  /// Notes the end of the run, and gives the folder back.
  func finish() throws(Refusal) {
    try writeLog(end: Provenance.now())
    try lock.release()
  }

  /// Gives the folder back before the run is finished, so that the next start need not wait.
  func giveBack() throws(Refusal) { try lock.release() }

  /// One small file for each attempt: who worked on what, and when.
  private func writeLog(end: String?) throws(Refusal) {
    var members = [
      Attribute.Member("run", .text("\(files.run)")),
      Attribute.Member("start", .text(started)),
      Attribute.Member("ranks", .integer(ranks)),
      Attribute.Member("hosts", .list(hosts.map { .text($0) })),
      Attribute.Member("version", .text(Provenance.version)),
    ]
    if let end { members.append(Attribute.Member("end", .text(end))) }
    try files.write(SealedRecord.text(members), to: RunAttempt.path(of: "\(files.run)", in: folder))
  }
}

extension Communicator {
  /// Gives a run's folder back after a stop. A rank that hears nothing of it has stopped all the
  /// same.
  func giveBack(_ give: () throws(Refusal) -> Void) throws(Refusal) {
    patience = .seconds(1)
    do throws(Refusal) {
      try agree(give)
    } catch {
      if rank == 0 || error.kind != .cluster { throw error }
    }
  }
}

/// Shows others that this run lives, until it has given the folder back or another run has it.
private func keepAlive(_ lock: RunLock, every interval: Duration, onLoss: (Refusal) -> Void) {
  while true {
    Thread.sleep(forTimeInterval: interval / .seconds(1))
    do throws(Refusal) {
      try lock.heartbeat()
    } catch {
      // A full disk passes, and says nothing of who has the folder.
      if error.kind == .store { return onLoss(error) }
    }
  }
}
