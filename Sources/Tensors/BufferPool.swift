internal import Foundation
internal import Locks

/// Memory of tensors that are gone, kept for the next ones: fresh pages cost more than the work on
/// them.
///
/// Sizes are rounded up to eighths of powers of two, and a tensor takes a block of up to half more
/// than it needs: batches grow from layer to layer, so the same size seldom comes again. Blocks below
/// 64 KiB are left to malloc. Those of 1 MiB and more are mapped, so that what the pool does not keep
/// really goes back: malloc would hold on to it.
enum BufferPool {
  private struct State {
    var free: [Int: [UInt]] = [:]
    var freeBytes = 0

    /// Takes out the smallest block that fits without wasting more than half of what is asked for.
    mutating func fit(_ size: Int) -> (address: UInt, size: Int)? {
      var best = size
      if free[size]?.isEmpty != false {
        guard let next = free.keys.filter({ $0 > size && $0 <= size + size / 2 }).min() else {
          return nil
        }
        best = next
      }
      guard let address = free[best]?.popLast() else { return nil }
      if free[best]?.isEmpty == true { free[best] = nil }
      freeBytes -= best
      return (address, best)
    }

    /// Takes out blocks until no more than `limit` bytes are free: those of other sizes than the
    /// last freed first, since tensors of one size come and go together.
    mutating func evict(to limit: Int, sparing spared: Int) -> [(address: UInt, size: Int)] {
      var evicted: [(address: UInt, size: Int)] = []
      while freeBytes > limit {
        let other = free.keys.filter { $0 != spared }.max() ?? spared
        guard let address = free[other]?.popLast() else { break }
        if free[other]?.isEmpty == true { free[other] = nil }
        freeBytes -= other
        evicted.append((address, other))
      }
      return evicted
    }
  }

  private static let state = Locked(State())
  private static let smallest = 64 << 10
  private static let mapped = 1 << 20
  /// From here on large pages waste little.
  private static let huge = 8 << 20
  /// Free memory kept at most; past it blocks go back to the system.
  private static let keep = 128 << 20

  private static func rounded(_ bytes: Int) -> Int {
    let step = max(64, 1 << max(0, Int.bitWidth - bytes.leadingZeroBitCount - 4))
    return (bytes + step - 1) / step * step
  }

  /// A block of at least so many bytes, and how many it has; `give` wants to know.
  static func take(_ bytes: Int) -> (block: UnsafeMutableRawPointer, size: Int) {
    let size = rounded(max(bytes, 64))
    if size >= smallest, let found = state.withLock({ $0.fit(size) }),
      let block = UnsafeMutableRawPointer(bitPattern: found.address)
    {
      return (block, found.size)
    }
    return (allocate(size), size)
  }

  private static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    guard size >= mapped else { return .allocate(byteCount: size, alignment: 64) }
    let block = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let block, block != MAP_FAILED else {
      preconditionFailure("no memory for a tensor of \(size) bytes")
    }
    // Fewer page faults; a refusal costs nothing.
    if size >= huge { _ = madvise(block, size, MADV_HUGEPAGE) }
    return block
  }

  static func give(_ block: UnsafeMutableRawPointer, _ size: Int) {
    guard size >= smallest, size <= keep else { return release(block, size) }
    let stale = state.withLock { state in
      state.free[size, default: []].append(UInt(bitPattern: block))
      state.freeBytes += size
      return state.evict(to: keep, sparing: size)
    }
    for (address, size) in stale {
      if let block = UnsafeMutableRawPointer(bitPattern: address) { release(block, size) }
    }
  }

  private static func release(_ block: UnsafeMutableRawPointer, _ size: Int) {
    if size >= mapped { munmap(block, size) } else { block.deallocate() }
  }
}
