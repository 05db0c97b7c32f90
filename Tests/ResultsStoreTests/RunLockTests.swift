import Foundation
import Inputs
import Testing

@testable import ResultsStore

/// Leaves the lease of another holder, as it stands in a folder.
private func leave(
  _ scratch: Scratch, host: String? = nil, boot: String? = nil, process: Int = 1,
  started: Int? = nil
) throws -> RunLease {
  let here = try ProcessIdentity.current()
  let holder = ProcessIdentity(
    host: host ?? here.host, boot: boot ?? here.boot, namespace: here.namespace, process: process,
    started: started ?? here.started)
  let lease = RunLease(run: try runID(99), holder: holder, slurmJob: "4711", since: "then")
  try scratch.put(lease.bytes, "00001")
  return lease
}

private func acquire(_ scratch: Scratch, polls: Int = 4) throws(Refusal) -> RunLock {
  var patience = RunLock.Patience()
  patience.interval = .milliseconds(30)
  patience.polls = polls
  guard let run = RunID("0000000000000001") else { throw Refusal(.store, found: "", expected: "") }
  return try RunLock.acquire(
    scratch.path, by: FileWriter(run: run, rank: 0), patience: patience)
}

@Test func `a lease is read back as it is written`() throws {
  let scratch = try Scratch()
  var lease = try leave(scratch)
  #expect(try RunLease(lease.bytes, file: "f") == lease)
  let length = lease.head.count
  lease.counter = UInt64.max
  lease.state = .released
  #expect(try RunLease(lease.bytes, file: "f") == lease)
  #expect(lease.head.count == length)
}

@Test func `the lease of a process that is gone is taken over at once`() throws {
  let scratch = try Scratch()
  let child = Process()
  child.executableURL = URL(fileURLWithPath: "/bin/true")
  try child.run()
  child.waitUntilExit()
  _ = try leave(scratch, process: Int(child.processIdentifier))
  let lock = try acquire(scratch, polls: 1_000_000)
  #expect(lock.tookOver?.contains("gone") == true)
  #expect(try lock.earlier == [runID(99)])
}

@Test func `a process number given to another process is no holder`() throws {
  let scratch = try Scratch()
  _ = try leave(scratch, process: Int(getpid()), started: 1)
  #expect(try acquire(scratch, polls: 1_000_000).tookOver?.contains("gone") == true)
}

@Test func `a holder on another host is taken over only after it stays silent`() throws {
  let scratch = try Scratch()
  _ = try leave(scratch, host: "elsewhere", process: Int(getpid()))
  let start = ContinuousClock.now
  let lock = try acquire(scratch)
  #expect(ContinuousClock.now - start >= .milliseconds(120))
  let text = try #require(lock.tookOver)
  #expect(text.contains("host elsewhere") && text.contains("silent for 4 polls"))
  #expect(text.contains("Slurm job 4711") && text.contains("since then"))
}

@Test func `a holder on another host whose counter moves is left alone`() throws {
  let scratch = try Scratch()
  let lease = try leave(scratch, boot: "another boot")
  let next = URL(fileURLWithPath: scratch.path + ".next")
  // Whenever the lease is first read, its counter moves afterwards; no read finds half of it.
  let mover = Thread {
    var later = lease
    while !Thread.current.isCancelled {
      later.counter += 1
      guard (try? Data(later.bytes).write(to: next)) != nil else { return }
      rename(next.path, scratch.file("00001"))
      sched_yield()
    }
  }
  mover.start()
  defer { mover.cancel() }
  let error = refusal { () throws(Refusal) in _ = try acquire(scratch, polls: 100_000) }
  #expect(error?.found.contains("alive: its counter moves") == true)
}

@Test func `a lease that cannot be read binds for as long as a silent one`() throws {
  let scratch = try Scratch()
  try scratch.put(Array("{".utf8), "00001")
  #expect(try acquire(scratch).tookOver?.contains("cannot be read") == true)
}

@Test func `a heartbeat moves the counter in place and nothing else`() throws {
  let scratch = try Scratch()
  let lock = try acquire(scratch)
  let before = try RunLease(scratch.bytes("00001"), file: "f")
  for _ in 0..<12 { try lock.heartbeat() }
  var after = try RunLease(scratch.bytes("00001"), file: "f")
  #expect(after.counter == 12 && before.counter == 0)
  after.counter = 0
  #expect(after == before)
  try lock.release()
  #expect(try RunLease(scratch.bytes("00001"), file: "f").state == .released)
  #expect(try scratch.tree() == ["00001"])
}

@Test func `a lease deleted under its holder is noticed`() throws {
  let scratch = try Scratch()
  let lock = try acquire(scratch)
  try FileManager.default.removeItem(atPath: scratch.file("00001"))
  #expect(refusal { () throws(Refusal) in try lock.heartbeat() }?.kind == .store)
}

@Test func `an exclusive file is made by one, with links and without`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 0)
  #expect(try files.create([1], at: scratch.file("a")))
  #expect(try !files.create([2], at: scratch.file("a")))
  #expect(try files.createWithoutLink([3], at: scratch.file("b")))
  #expect(try !files.createWithoutLink([4], at: scratch.file("b")))
  #expect(try scratch.bytes("a") == [1])
  #expect(try scratch.bytes("b") == [3])
  #expect(try scratch.tree() == ["a", "b"])
}
