internal import Foundation
package import Inputs
internal import Locks

/// The right to write into a run folder: at most one run has it.
///
/// Each start of a run makes a lease file of its own, `lease/00001`, `lease/00002`, and so on; the
/// highest number holds the folder. A lease appears with `link(2)`, which exactly one of many can do
/// and which works on NFS, and is never deleted: numbers only grow, so a slow starter cannot win
/// with a number from the past. What is left in the folder is the list of the run's starts.
///
/// Correctness does not rest on it: journals and files have one writer each whatever happens. It
/// keeps two runs from doing the same work.
package final class RunLock: Sendable {
  /// How a holder's silence is judged.
  package struct Patience: Sendable {
    /// How often a holder should call `heartbeat`.
    package var interval: Duration = .seconds(5)
    /// After how many polls, an interval apart, an unchanged counter means that the holder is gone.
    /// More than a minute in all, for which network file systems may show old contents.
    package var polls = 18
    /// Whether to take the folder from a holder that lives.
    package var takeOver = false

    package init() {}
  }

  package let run: RunID
  /// The runs that held the folder before.
  package let earlier: Set<RunID>
  /// Why the last lease could be passed over, where one was held: to be said.
  package let tookOver: String?
  private let folder: String
  private let path: String
  private let number: Int
  private let identity: FileIdentity
  private let descriptor: Int32
  /// The lock of the lease as last written.
  private let lease: Locked<RunLease>

  /// Takes a run folder's lease, waiting only to see whether a silent holder lives.
  ///
  /// - Parameter folder: The run's `lease` folder.
  /// - Throws: `store`, naming holder, host, since when, and whether it was seen alive.
  package static func acquire(
    _ folder: String, by files: FileWriter, patience: Patience = Patience()
  ) throws(Refusal) -> RunLock {
    let here = try ProcessIdentity.current()
    while true {
      let numbers = try leaseNumbers(folder)
      let last = numbers.last ?? 0
      let reason = try waitForDeath(of: last, in: folder, here: here, patience: patience)
      if let lock = try create(
        last + 1, in: folder, here: here, earlier: numbers, tookOver: reason, by: files)
      {
        return lock
      }
    }
  }

  deinit { close(descriptor) }

  /// Raises the counter that tells others that this run lives.
  ///
  /// - Throws: `store`, where another run has taken the folder over: this one must stop.
  package func heartbeat() throws(Refusal) {
    try rewrite { lease in lease.counter &+= 1 }
  }

  /// Gives the folder back; the next run need not wait.
  package func release() throws(Refusal) {
    try rewrite { lease in lease.state = .released }
  }

  private init(
    _ folder: String, number: Int, lease: RunLease, earlier: Set<RunID>, tookOver: String?
  ) throws(Refusal) {
    let path = Self.path(number, in: folder)
    let descriptor = Int32(
      try system("open", path) { Int(open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)) })
    do throws(Refusal) {
      identity = try FileIdentity.of(descriptor: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.path = path
    self.folder = folder
    self.number = number
    self.run = lease.run
    self.earlier = earlier
    self.tookOver = tookOver
    self.lease = Locked(lease)
  }

  private func rewrite(_ change: (inout RunLease) -> Void) throws(Refusal) {
    try checkHeld()
    try lease.withLock { (lease) throws(Refusal) in
      change(&lease)
      let head = lease.head
      // One short write inside one block: a reader sees the old line or the new.
      let count = try system("pwrite", path, needing: head.count) {
        pwrite(descriptor, head, head.count, 0)
      }
      guard count == head.count else {
        throw Refusal(
          .store, file: path, found: "\(count) bytes written", expected: "\(head.count)")
      }
      try system("fdatasync", path) { Int(fdatasync(descriptor)) }
    }
  }

  /// Whether this lease is still the highest, and its name still stands for this file.
  private func checkHeld() throws(Refusal) {
    let last = try Self.leaseNumbers(folder).last ?? 0
    guard last == number, try FileIdentity.of(path) == identity else {
      let holder = try? RunLease(Self.read(last, in: folder), file: folder)
      throw Refusal(
        .store, file: folder, found: holder.map { "the run \($0.description)" } ?? "another lease",
        expected: "the lease of this run, \(run)")
    }
  }

  /// Makes lease `number` if nobody else does; nil means that the race is to be looked at again.
  private static func create(
    _ number: Int, in folder: String, here: ProcessIdentity, earlier: [Int], tookOver: String?,
    by files: FileWriter
  ) throws(Refusal) -> RunLock? {
    let lease = RunLease(
      run: files.run, holder: here,
      slurmJob: ProcessInfo.processInfo.environment["SLURM_JOB_ID"] ?? "",
      since: Date().formatted(.iso8601))
    let path = path(number, in: folder)
    guard try files.create(lease.bytes, at: path) else { return nil }
    guard try leaseNumbers(folder).last == number else {
      // A number from the past: its holder was passed while this process slept.
      unlink(path)
      return nil
    }
    var runs: Set<RunID> = []
    for number in earlier {
      if let lease = try? RunLease(read(number, in: folder), file: folder) {
        runs.insert(lease.run)
      }
    }
    return try RunLock(folder, number: number, lease: lease, earlier: runs, tookOver: tookOver)
  }

  /// Returns once lease `number` binds nobody: nil if it was released or there is none, otherwise
  /// why its holder is taken to be gone.
  private static func waitForDeath(
    of number: Int, in folder: String, here: ProcessIdentity, patience: Patience
  ) throws(Refusal) -> String? {
    guard number > 0 else { return nil }
    let path = path(number, in: folder)
    let first = try read(number, in: folder)
    let lease = try? RunLease(first, file: path)
    if let lease, lease.state == .released { return nil }
    let holder = lease?.description ?? "held by a run whose lease cannot be read"
    if patience.takeOver { return "\(holder); taken over as asked" }
    func refuse(_ sign: String) -> Refusal {
      Refusal(
        .store, file: path, found: "a run folder \(holder), \(sign)",
        expected: "a folder that no other run writes (--take-over takes it)")
    }
    switch lease?.holder.isAlive(seenFrom: here) {
    case true?: throw refuse("alive")
    case false?: return "\(holder); that process is gone"
    case nil: break
    }
    for _ in 0..<patience.polls {
      pause(patience.interval)
      guard try leaseNumbers(folder).last == number else { return nil }
      let now = try read(number, in: folder)
      if let lease = try? RunLease(now, file: path), lease.state == .released { return nil }
      if now != first { throw refuse("alive: its counter moves") }
    }
    return "\(holder); silent for \(patience.polls) polls of \(patience.interval)"
  }

  static func path(_ number: Int, in folder: String) -> String {
    let digits = "\(number)"
    return folder + "/" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
  }

  static func leaseNumbers(_ folder: String) throws(Refusal) -> [Int] {
    try namesInFolder(folder).compactMap { name in
      name.utf8.count >= 5 && name.utf8.count <= 9
        && name.utf8.allSatisfy { (48...57).contains($0) } ? Int(name) : nil
    }.sorted()
  }

  static func read(_ number: Int, in folder: String) throws(Refusal) -> [UInt8] {
    let path = path(number, in: folder)
    guard try FileKind.of(path) == .regular else {
      throw Refusal(.store, file: path, found: try FileKind.of(path).name, expected: "a lease")
    }
    return try BoundedFile(path, kind: .store).readAll(limit: 1 << 16)
  }

  /// Sleeps by the monotonic clock.
  private static func pause(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var left = wanted
    while clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, &left) == EINTR { wanted = left }
  }
}
