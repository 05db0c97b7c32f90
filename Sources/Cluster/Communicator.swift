internal import COpenMPI
internal import Glibc

/// A group of ranks that exchange bytes; one rank alone where no launcher started the program.
///
/// Every wait sleeps instead of spinning, and all calls come from the thread that made the
/// `MPIEnvironment`. Methods called collective must be called by every rank, in the same order.
public final class Communicator {
  /// The number of this rank, from 0.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// The host name of each rank.
  public private(set) var hosts: [String]
  /// How long a wait for another rank may last; nil, as at the start, is for ever.
  ///
  /// A rank that waits longer throws `MPIError.silent`, after which only `abort` or `leave` help.
  public var patience: Duration?

  let session: Session
  /// Messages of the program and of the scheduler; nil for one rank alone.
  let messages: Channel?
  /// What collectives send; apart, so that a receive from any rank cannot take it.
  let collectives: Channel?
  private var collectiveCount: Int32 = 0
  private var node: Communicator?

  /// One rank alone, without MPI.
  init(session: Session) {
    (rank, size) = (0, 1)
    hosts = [systemHostName()]
    self.session = session
    (messages, collectives) = (nil, nil)
  }

  /// Collective over `handle`, which is duplicated and so may be freed.
  init(duplicating handle: MPI_Comm, countLimit: Int, session: Session) throws(MPIError) {
    var (rank, size): (Int32, Int32) = (0, 0)
    try mpi("MPI_Comm_rank") { MPI_Comm_rank(handle, &rank) }
    try mpi("MPI_Comm_size") { MPI_Comm_size(handle, &size) }
    (self.rank, self.size) = (Int(rank), Int(size))
    hosts = Array(repeating: "unknown", count: Int(size))
    self.session = session
    messages = Channel(handle: try duplicate(handle), limit: countLimit)
    collectives = Channel(handle: try duplicate(handle), limit: countLimit)
    hosts = try allGather(Array(systemHostName().utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// This rank's host name.
  public var host: String { hosts[rank] }

  /// A rank and its host, as messages to the user name them.
  public func name(of rank: Int) -> String { "rank \(rank) on host \(hosts[rank])" }

  /// The ranks on this host. Collective the first time. The C function is `MPI_Comm_split_type`.
  public func nodeLocal() throws(MPIError) -> Communicator {
    if let node { return node }
    guard let messages else { return self }
    var handle: MPI_Comm?
    try mpi("MPI_Comm_split_type") {
      MPI_Comm_split_type(
        messages.handle, Int32(MPI_COMM_TYPE_SHARED), Int32(rank), cmpi_info_null(), &handle)
    }
    guard let split = handle else { throw .malformed(what: "no communicator from the split") }
    let made = try Communicator(duplicating: split, countLimit: messages.limit, session: session)
    try mpi("MPI_Comm_free") { MPI_Comm_free(&handle) }
    node = made
    return made
  }

  /// The tag of the next collective: the same on all ranks, another than those just before.
  func nextCollectiveTag() -> Int32 {
    // MPI promises tags up to 32767 only.
    collectiveCount = (collectiveCount + 1) % 32_768
    return collectiveCount
  }

  /// Sends one message and waits until its bytes have left.
  public func send(_ bytes: [UInt8], to rank: Int, tag: Int) throws(MPIError) {
    let posted = try post(bytes, to: rank, tag: tag)
    try wait(on: { rank }) { () throws(MPIError) in try posted.isDone() }
  }

  /// Starts to send one message.
  func post(_ bytes: [UInt8], to rank: Int, tag: Int) throws(MPIError) -> PostedMessage {
    precondition((0..<size).contains(rank) && rank != self.rank, "send to rank \(rank) of \(size)")
    precondition((0...32_767).contains(tag), "tag \(tag)")
    guard let messages else { throw .malformed(what: "a message of a rank alone") }
    return try messages.post(bytes, to: rank, tag: Int32(tag))
  }

  /// Waits for one message with that tag, from any rank where `source` is nil.
  public func receive(from source: Int? = nil, tag: Int) throws(MPIError) -> Message {
    precondition(size > 1, "a rank alone waits for a message")
    var received: Message?
    try wait(on: { source ?? (self.rank == 0 ? 1 : 0) }) { () throws(MPIError) in
      received = try tryReceive(from: source, tag: tag)
      return received != nil
    }
    guard let received else { throw .malformed(what: "a wait without its message") }
    return received
  }

  /// A message with that tag, if one has arrived.
  public func tryReceive(from source: Int? = nil, tag: Int) throws(MPIError) -> Message? {
    precondition((0...32_767).contains(tag), "tag \(tag)")
    return try messages?.poll(from: source, tag: Int32(tag))
  }

  /// Polls `done` with growing sleeps; `awaited` names who is missing when patience ends.
  func wait(on awaited: () -> Int, until done: () throws(MPIError) -> Bool) throws(MPIError) {
    var nap = Nap()
    let start = ContinuousClock.now
    while try !done() {
      if let patience, start.duration(to: .now) > patience {
        let rank = awaited()
        throw .silent(rank: rank, host: hosts[rank], seconds: patience / .seconds(1))
      }
      nap.sleep()
    }
  }
}

private func duplicate(_ handle: MPI_Comm) throws(MPIError) -> MPI_Comm {
  var copy: MPI_Comm?
  try mpi("MPI_Comm_dup") { MPI_Comm_dup(handle, &copy) }
  guard let copy else { throw .malformed(what: "no communicator from MPI_Comm_dup") }
  return copy
}

private func systemHostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
  return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
