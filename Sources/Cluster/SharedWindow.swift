internal import COpenMPI
internal import Glibc

/// The MPI window under a `SharedMemory` of several ranks.
final class SharedWindow {
  let base: UnsafeMutableRawPointer
  private var window: MPI_Win?

  /// Collective. The C functions are `MPI_Win_allocate_shared` and `MPI_Win_shared_query`.
  init(byteCount: Int, on node: Communicator) throws {
    guard let handle = node.messages?.handle else {
      throw MPIError.malformed(what: "a shared window of a rank alone")
    }
    let alignment = 64
    // The leader owns all of it, with room to move its start to a multiple of the alignment.
    let own = node.rank == 0 ? byteCount + alignment : 0
    var (window, start): (MPI_Win?, UnsafeMutableRawPointer?)
    try mpi("MPI_Win_allocate_shared") {
      MPI_Win_allocate_shared(MPI_Aint(own), 1, cmpi_info_null(), handle, &start, &window)
    }
    var (size, unit): (MPI_Aint, Int32) = (0, 0)
    try mpi("MPI_Win_shared_query") { MPI_Win_shared_query(window, 0, &size, &unit, &start) }
    guard let start, size >= byteCount + alignment else {
      throw MPIError.malformed(what: "a shared window of \(size) bytes")
    }
    // An epoch without locks, so that `synchronize` is allowed.
    try mpi("MPI_Win_lock_all") { MPI_Win_lock_all(MPI_MODE_NOCHECK, window) }

    var offset = Array("\((alignment - Int(bitPattern: start) % alignment) % alignment)".utf8)
    try node.broadcast(&offset)
    guard let bytes = Int(String(decoding: offset, as: UTF8.self)), (0..<alignment).contains(bytes),
      Int(bitPattern: start + bytes) % alignment == 0
    else { throw MPIError.malformed(what: "a shared window aligned otherwise on another rank") }
    base = start + bytes
    self.window = window
    node.session.windows.append(self)
  }

  /// Makes this rank's writes visible, and sees those of others. The C function is `MPI_Win_sync`.
  func synchronize() throws(MPIError) {
    try mpi("MPI_Win_sync") { MPI_Win_sync(window) }
  }

  /// Collective. The C function is `MPI_Win_free`.
  func free() throws(MPIError) {
    try mpi("MPI_Win_unlock_all") { MPI_Win_unlock_all(window) }
    try mpi("MPI_Win_free") { MPI_Win_free(&window) }
  }
}
