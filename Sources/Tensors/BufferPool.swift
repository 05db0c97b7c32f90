internal import Foundation
internal import Synchronization

/// Memory of tensors that are gone, kept for the next ones: fresh pages cost more than the work on
/// them.
///
/// Sizes are rounded up to eighths of powers of two, so a freed block fits the next tensor of
/// nearly its size. Blocks below 64 KiB are left to malloc. Those of 1 MiB and more are mapped, so
/// that what the pool does not keep really goes back: malloc would hold on to it.
enum BufferPool {
  private struct State {
    var free: [Int: [UInt]] = [:]
    var freeBytes = 0

    /// Takes out blocks until no more than `limit` bytes are free: those of other sizes than the
    /// last freed first, since tensors of one size come and go together.
    mutating func evict(to limit: Int, sparing spared: Int) -> [(address: UInt, size: Int)] {
      var evicted: [(address: UInt, size: Int)] = []
      while freeBytes > limit {
        let other = free.first { $0.key != spared && !$0.value.isEmpty }?.key ?? spared
        guard let address = free[other]?.popLast() else { break }
        freeBytes -= other
        evicted.append((address, other))
      }
      return evicted
    }
  }

  private static let state = Mutex(State())
  private static let smallest = 64 << 10
  private static let mapped = 1 << 20
  /// Free memory kept at most; past it blocks go back to the system.
  private static let keep = 128 << 20

  private static func rounded(_ bytes: Int) -> Int {
    let step = max(64, 1 << max(0, Int.bitWidth - bytes.leadingZeroBitCount - 4))
    return (bytes + step - 1) / step * step
  }

  static func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    let size = rounded(max(bytes, 64))
    if size >= smallest {
      let address = state.withLock { state in
        guard let address = state.free[size]?.popLast() else { return UInt(0) }
        state.freeBytes -= size
        return address
      }
      if let block = UnsafeMutableRawPointer(bitPattern: address) { return block }
    }
    return allocate(size)
  }

  private static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    guard size >= mapped else { return .allocate(byteCount: size, alignment: 64) }
    let block = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let block, block != MAP_FAILED else {
      preconditionFailure("no memory for a tensor of \(size) bytes")
    }
    return block
  }

  static func give(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
    let size = rounded(max(bytes, 64))
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
