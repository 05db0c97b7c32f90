internal import COpenMPI

/// One MPI send or receive under way. Its memory must stay until `isDone`.
final class Transfer {
  private var request: MPI_Request?
  private var finished = false

  private init() {}

  static func send(
    _ start: UnsafeRawPointer, count: Int, to rank: Int, tag: Int32, on handle: MPI_Comm
  ) throws(MPIError) -> Transfer {
    let transfer = Transfer()
    try mpi("MPI_Isend") {
      MPI_Isend(
        start, Int32(count), cmpi_byte(), Int32(rank), tag, handle, &transfer.request)
    }
    return transfer
  }

  static func receive(
    _ start: UnsafeMutableRawPointer, count: Int, from rank: Int, tag: Int32, on handle: MPI_Comm
  ) throws(MPIError) -> Transfer {
    let transfer = Transfer()
    try mpi("MPI_Irecv") {
      MPI_Irecv(
        start, Int32(count), cmpi_byte(), Int32(rank), tag, handle, &transfer.request)
    }
    return transfer
  }

  /// Whether the memory may be used again. The C function is `MPI_Test`.
  func isDone() throws(MPIError) -> Bool {
    if finished { return true }
    var flag: Int32 = 0
    try mpi("MPI_Test") { MPI_Test(&request, &flag, nil) }
    finished = flag != 0
    return finished
  }
}

/// A message that was handed to MPI and may still be on its way.
final class PostedMessage {
  private let memory: UnsafeMutableRawBufferPointer
  /// The last piece first, as they are taken from the end.
  private var transfers: [Transfer] = []

  /// Sends `bytes`, after their count, in pieces of at most `limit` bytes.
  init(
    _ bytes: [UInt8], to rank: Int, tag: Int32, on handle: MPI_Comm, limit: Int
  ) throws(MPIError) {
    memory = .allocate(byteCount: bytes.count + 8, alignment: 16)
    memory.storeBytes(of: UInt64(bytes.count).littleEndian, as: UInt64.self)
    UnsafeMutableRawBufferPointer(rebasing: memory[8...]).copyBytes(from: bytes)
    for start in stride(from: 0, to: memory.count, by: limit) {
      let piece = UnsafeRawBufferPointer(memory)[start..<min(start + limit, memory.count)]
      guard let address = UnsafeRawBufferPointer(rebasing: piece).baseAddress else { continue }
      transfers.append(
        try .send(address, count: piece.count, to: rank, tag: tag, on: handle))
    }
    transfers.reverse()
  }

  func isDone() throws(MPIError) -> Bool {
    while let next = transfers.last, try next.isDone() { transfers.removeLast() }
    return transfers.isEmpty
  }

  // A message still on its way when the program gives up keeps its memory: MPI may yet read it.
  deinit { if transfers.isEmpty { memory.deallocate() } }
}
