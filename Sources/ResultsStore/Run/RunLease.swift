internal import Inputs

/// What a lease file says: who holds the run folder, and a counter that tells whether they live.
///
/// The first line has a fixed length and is the only part that changes, in place.
struct RunLease: Sendable, Equatable {
  enum State: String, Sendable {
    case held = "held    "
    case released = "released"
  }

  var state: State
  var counter: UInt64
  let run: RunID
  let holder: ProcessIdentity
  /// The Slurm job's number; empty outside of Slurm.
  let slurmJob: String
  /// When the run began, for people: clocks of two hosts are never compared.
  let since: String

  /// The line that a heartbeat overwrites: state, counter, and the CRC-32C of both and of the rest.
  var head: [UInt8] {
    let digits = "\(counter)"
    let count = String(repeating: "0", count: 20 - digits.utf8.count) + digits
    let line = "{\"state\": \"\(state.rawValue)\", \"counter\": \"\(count)\", "
    let check = String(CRC32C.of(Array(line.utf8) + rest), radix: 16)
    let padding = String(repeating: "0", count: 8 - check.utf8.count)
    return Array("\(line)\"check\": \"\(padding)\(check)\",\n".utf8)
  }

  private var rest: [UInt8] {
    let rest: Attribute = [
      "run": .text(run.description), "host": .text(holder.host), "pid": .integer(holder.process),
      "started": .integer(holder.started), "boot": .text(holder.boot),
      "namespace": .text(holder.namespace), "slurm_job": .text(slurmJob), "since": .text(since),
    ]
    return Array(rest.json.utf8.dropFirst()) + [10]
  }

  var bytes: [UInt8] { head + rest }

  init(run: RunID, holder: ProcessIdentity, slurmJob: String, since: String) {
    state = .held
    counter = 0
    self.run = run
    self.holder = holder
    self.slurmJob = slurmJob
    self.since = since
  }

  /// Reads a lease's text.
  init(_ text: [UInt8], file: String) throws(Refusal) {
    let json = JSONField(
      try JSON.parse(text, file: file, kind: .store), file: file, kind: .store)
    let state = try json["state"]
    let counter = try json["counter"]
    let run = try json["run"]
    guard let known = State(rawValue: try state.string()) else {
      throw state.refusal(state.value.kindName, expected: "held or released")
    }
    guard let count = UInt64(try counter.string()) else {
      throw counter.refusal(counter.value.kindName, expected: "digits")
    }
    guard let id = RunID(try run.string()) else {
      throw run.refusal(run.value.kindName, expected: "16 hexadecimal digits")
    }
    self.state = known
    self.counter = count
    self.run = id
    holder = ProcessIdentity(
      host: try json["host"].string(), boot: try json["boot"].string(),
      namespace: try json["namespace"].string(), process: try json["pid"].int(),
      started: try json["started"].int(in: 0...Int.max))
    slurmJob = try json["slurm_job"].string()
    since = try json["since"].string()
    guard bytes == text else {
      throw Refusal(
        .store, file: file, found: "bytes that do not fit their checksum (damaged or edited)",
        expected: "a lease as this program writes it")
    }
  }

  /// The holder, in words for a refusal.
  var description: String {
    let slurm = slurmJob.isEmpty ? "" : ", Slurm job \(escaped(slurmJob))"
    return "held by run \(run) on host \(escaped(holder.host)), process \(holder.process)\(slurm), "
      + "since \(escaped(since))"
  }
}
