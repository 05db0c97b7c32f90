internal import COpenMPI
internal import Glibc

/// A whole message as it arrived.
public struct Message: Sendable, Equatable {
  /// The rank that sent it.
  public let source: Int
  /// What it is about, as sender and receiver agreed.
  public let tag: Int
  /// What it says.
  public let bytes: [UInt8]
}

/// Byte messages of any length over one MPI communicator, without ever blocking in MPI.
///
/// A message is its length in 8 bytes and then its bytes, cut into pieces of at most `limit`
/// bytes, since MPI counts in 32 bits. Pieces of one sender and tag keep their order.
final class Channel {
  let handle: MPI_Comm
  /// The largest count given to one MPI call.
  let limit: Int
  private let thread = pthread_self()
  private var assemblies: [Origin: Assembly] = [:]

  private struct Origin: Hashable {
    let source: Int32
    let tag: Int32
  }

  private final class Piece {
    let memory: UnsafeMutableRawBufferPointer
    let transfer: Transfer

    init(count: Int, from origin: Origin, on handle: MPI_Comm) throws(MPIError) {
      // One byte where the piece is empty, so that there is an address to give.
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 16)
      self.memory = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
      guard let address = memory.baseAddress else {
        throw .malformed(what: "a piece without memory")
      }
      transfer = try .receive(
        address, count: count, from: Int(origin.source), tag: origin.tag, on: handle)
    }
  }

  private struct Assembly {
    var pieces: [Piece] = []
    var total: Int?
    var bytes: [UInt8] = []
  }

  /// - Parameter limit: At least 16, so that a first piece holds the length.
  init(handle: MPI_Comm, limit: Int) {
    precondition((16...Int(Int32.max)).contains(limit), "Channel: a limit of \(limit) bytes")
    self.handle = handle
    self.limit = limit
  }

  func post(_ bytes: [UInt8], to rank: Int, tag: Int32) throws(MPIError) -> PostedMessage {
    checkThread()
    return try PostedMessage(bytes, to: rank, tag: tag, on: handle, limit: limit)
  }

  /// A whole message from `source` (nil: any) with `tag` (nil: any), if one has arrived.
  func poll(from source: Int?, tag: Int32?) throws(MPIError) -> Message? {
    checkThread()
    // All that are there: the caller sleeps after a poll without a whole message.
    while try acceptPiece(from: source.map(Int32.init) ?? MPI_ANY_SOURCE, tag: tag ?? MPI_ANY_TAG) {
    }
    for origin in Array(assemblies.keys)
    where (source.map { Int32($0) == origin.source } ?? true)
      && (tag.map { $0 == origin.tag } ?? true)
    {
      guard let bytes = try advance(origin) else { continue }
      return Message(source: Int(origin.source), tag: Int(origin.tag), bytes: bytes)
    }
    return nil
  }

  /// Starts to receive one piece; false if none has arrived.
  ///
  /// The C functions are `MPI_Iprobe` and `MPI_Irecv`: a receive that waits would hang with a
  /// sender that is stopped in the middle of a large piece.
  private func acceptPiece(from source: Int32, tag: Int32) throws(MPIError) -> Bool {
    var (flag, count): (Int32, Int32) = (0, 0)
    var status = MPI_Status()
    try mpi("MPI_Iprobe") { MPI_Iprobe(source, tag, handle, &flag, &status) }
    guard flag != 0 else { return false }
    try mpi("MPI_Get_count") { MPI_Get_count(&status, cmpi_byte(), &count) }
    guard count >= 0 else { throw .malformed(what: "a piece of \(count) bytes") }
    let origin = Origin(source: status.MPI_SOURCE, tag: status.MPI_TAG)
    let piece = try Piece(count: Int(count), from: origin, on: handle)
    assemblies[origin, default: Assembly()].pieces.append(piece)
    return true
  }

  /// Takes the pieces that are complete; the message's bytes once it is whole.
  private func advance(_ origin: Origin) throws(MPIError) -> [UInt8]? {
    guard var assembly = assemblies[origin] else { return nil }
    assemblies[origin] = nil
    defer {
      if !assembly.pieces.isEmpty || assembly.total != nil { assemblies[origin] = assembly }
    }
    var taken = 0
    defer { assembly.pieces.removeFirst(taken) }
    while taken < assembly.pieces.count, try assembly.pieces[taken].transfer.isDone() {
      let piece = assembly.pieces[taken]
      taken += 1
      var payload = UnsafeRawBufferPointer(piece.memory)[...]
      if assembly.total == nil {
        let claimed = payload.count < 8 ? nil : Int(exactly: length(of: piece.memory))
        guard let claimed else {
          throw .malformed(what: "a first piece of \(payload.count) bytes without a length")
        }
        assembly.total = claimed
        payload = payload.dropFirst(8)
      }
      assembly.bytes.append(contentsOf: payload)
      piece.memory.deallocate()
      guard let total = assembly.total, assembly.bytes.count <= total else {
        throw .malformed(what: "more bytes than the message's length")
      }
      if assembly.bytes.count == total {
        defer { (assembly.total, assembly.bytes) = (nil, []) }
        return assembly.bytes
      }
    }
    return nil
  }

  private func length(of memory: UnsafeMutableRawBufferPointer) -> UInt64 {
    UInt64(littleEndian: memory.loadUnaligned(as: UInt64.self))
  }

  /// MPI is initialised for one thread; a call from another corrupts it without a word.
  private func checkThread() {
    precondition(pthread_equal(thread, pthread_self()) != 0, "MPI called from a second thread")
  }
}
