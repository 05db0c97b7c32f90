/// Tokens in the order of their bytes, in which those that a text begins with are found.
struct SortedPieces: Sendable {
  private let pool: [UInt8]
  /// Where each token begins and ends in the pool, in the order of their bytes.
  private var bounds: [Range<Int>]
  private var ids: [Int32]

  /// - Parameter tokens: No two alike, none empty.
  init(_ tokens: [(id: Int, bytes: [UInt8])]) {
    var pool: [UInt8] = []
    var entries: [(Range<Int>, Int32)] = []
    for (id, bytes) in tokens {
      entries.append((pool.count..<pool.count + bytes.count, Int32(id)))
      pool += bytes
    }
    entries.sort { a, b in pool[a.0].lexicographicallyPrecedes(pool[b.0]) }
    self.pool = pool
    bounds = entries.map(\.0)
    ids = entries.map(\.1)
  }

  /// The tokens that begin with what was read so far.
  struct Walk {
    fileprivate(set) var range: Range<Int>
    fileprivate(set) var depth = 0
  }

  var start: Walk { Walk(range: bounds.indices) }

  /// Reads one more byte; false where no token goes on with it.
  @inline(__always)
  func step(_ walk: inout Walk, _ byte: UInt8) -> Bool {
    let low = first(from: walk.range, walk.depth) { $0 >= byte }
    let high = first(from: low..<walk.range.upperBound, walk.depth) { $0 > byte }
    walk.range = low..<high
    walk.depth += 1
    return low < high
  }

  /// The token that ends here.
  @inline(__always)
  func token(at walk: Walk) -> Int? {
    guard let first = walk.range.first, bounds[first].count == walk.depth else { return nil }
    return Int(ids[first])
  }

  /// The first in a range whose next byte satisfies an ascending predicate. Those that end here come
  /// before all others.
  @inline(__always)
  private func first(
    from range: Range<Int>, _ depth: Int, _ isReached: (UInt8) -> Bool
  ) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      let piece = bounds[middle]
      if piece.count > depth, isReached(pool[piece.lowerBound + depth]) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }
}
