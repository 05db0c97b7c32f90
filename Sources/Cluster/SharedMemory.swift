internal import Foundation
public import Inputs

/// Memory that all ranks of a host share: one copy of the weights, however many ranks there are.
///
///     let memory = try SharedMemory(byteCount: total, on: world)
///     if memory.isLeader { fill(memory.base) }
///     try memory.ready()
///
/// It begins at a multiple of 64 bytes and holds zeros at first. It may outlive the function that
/// made it; `MPIEnvironment` frees it at its end, and nobody may read it after that.
///
/// `@unchecked Sendable`: only the leader writes, before `ready` returns; after it all only read.
/// `ready` itself belongs to the thread that calls MPI.
public final class SharedMemory: @unchecked Sendable {
  /// The first byte, at the same offset but another address on each rank.
  public let base: UnsafeMutableRawPointer
  /// The bytes from `base` on that may be used.
  public let byteCount: Int
  /// Whether this rank fills the memory: the lowest rank of its host.
  public let isLeader: Bool
  private let node: Communicator
  private let storage: Storage

  private enum Storage {
    case shared(SharedWindow)
    case mapped(length: Int)
  }

  /// Collective over `communicator`, with the same count on all ranks of a host.
  ///
  /// - Throws: A refusal of kind `resources` where a host has too little memory, on all ranks.
  public init(byteCount: Int, on communicator: Communicator) throws(Refusal) {
    precondition(byteCount >= 0, "SharedMemory of \(byteCount) bytes")
    self.byteCount = byteCount
    node = try mpiRefusal { () throws(MPIError) in try communicator.nodeLocal() }
    isLeader = node.rank == 0
    let node = node
    let made = try communicator.agree {
      if node.size == 1 { return try SharedMemory.map(byteCount) }
      try node.agree { if node.rank == 0 { try SharedMemory.checkRoom(for: byteCount) } }
      try SharedMemory.checkCounts(byteCount, on: node)
      let window = try SharedWindow(byteCount: byteCount, on: node)
      return (window.base, Storage.shared(window))
    }
    (base, storage) = made
  }

  /// Waits, sleeping, until the leader of this host calls it; then its bytes are here.
  ///
  /// Collective over the ranks of a host.
  public func ready() throws(MPIError) {
    guard case .shared(let window) = storage else { return }
    try window.synchronize()
    try node.barrier()
    try window.synchronize()
  }

  deinit {
    if case .mapped(let length) = storage { munmap(base, length) }
  }

  /// Pages of this process alone: zeroed, and refused where malloc would end the program.
  private static func map(_ byteCount: Int) throws(Refusal) -> (UnsafeMutableRawPointer, Storage) {
    let length = max(64, byteCount)
    let address = mmap(
      nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else {
      throw Refusal(
        .resources, found: "no memory for the weights (\(systemMessage()))",
        expected: "\(byteCount) bytes")
    }
    // Fewer page faults and walks; a refusal costs nothing.
    _ = madvise(address, length, MADV_HUGEPAGE)
    return (address, .mapped(length: length))
  }

  /// The window lies in /dev/shm, where writing past what is free is a bus error.
  private static func checkRoom(for byteCount: Int) throws(Refusal) {
    var status = statvfs()
    guard statvfs("/dev/shm", &status) == 0 else { return }
    let (free, overflow) = Int(status.f_bavail).multipliedReportingOverflow(
      by: Int(status.f_frsize))
    guard !overflow, free - (1 << 20) < byteCount else { return }
    throw Refusal(
      .resources, file: "/dev/shm", found: "\(free) bytes free",
      expected: "\(byteCount) bytes and 1 MiB, for the one copy of the weights on this host")
  }

  private static func checkCounts(_ byteCount: Int, on node: Communicator) throws {
    let counts = try node.allGather(Array("\(byteCount)".utf8))
    guard let odd = counts.firstIndex(where: { $0 != counts[0] }) else { return }
    throw Refusal(
      .cluster, field: "\(node.host): shared memory",
      found: String(decoding: counts[odd], as: UTF8.self) + " bytes",
      expected: String(decoding: counts[0], as: UTF8.self) + " bytes, as on the other ranks")
  }
}
