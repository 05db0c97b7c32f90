/// The tokens of a tokenizer by their ids, as the bytes of text that they stand for.
struct Vocabulary: Sendable {
  /// One past the largest id.
  let count: Int
  /// The tokens that stand for no text: beginnings, ends, padding.
  let special: Set<Int>
  private let pool: [UInt8]
  private let starts: [Int]
  private let isThere: [Bool]
  private let index: TokenIndex

  /// - Parameter tokens: The bytes of each id; nil where an id has no token.
  init(_ tokens: [[UInt8]?], special: Set<Int>, first: [Int]) {
    count = tokens.count
    self.special = special
    var pool: [UInt8] = []
    var starts = [0]
    starts.reserveCapacity(tokens.count + 1)
    for token in tokens {
      pool += token ?? []
      starts.append(pool.count)
    }
    self.pool = pool
    self.starts = starts
    isThere = tokens.map { $0 != nil }
    var index = TokenIndex(capacity: tokens.count)
    for id in first { index.insert(id, pool, starts) }
    for id in tokens.indices where isThere[id] { index.insert(id, pool, starts) }
    self.index = index
  }

  func contains(_ id: Int) -> Bool { id >= 0 && id < count && isThere[id] }

  /// The bytes of a token; empty where there is none.
  func bytes(of id: Int) -> ArraySlice<UInt8> {
    contains(id) ? pool[starts[id]..<starts[id + 1]] : []
  }

  /// The token that stands for exactly these bytes.
  func id(of bytes: ArraySlice<UInt8>) -> Int? { index.find(bytes, pool, starts) }
}

/// Finds tokens by their bytes, which stay in the vocabulary's pool.
private struct TokenIndex: Sendable {
  private var slots: [Int32]
  private let mask: Int

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: -1, count: size)
    mask = size - 1
  }

  /// The slot that holds the bytes, or the empty one where they belong.
  private func slot(_ bytes: ArraySlice<UInt8>, _ pool: [UInt8], _ starts: [Int]) -> Int {
    var slot = Int(truncatingIfNeeded: hash(bytes) >> 20) & mask
    while slots[slot] >= 0 {
      let id = Int(slots[slot])
      if pool[starts[id]..<starts[id + 1]].elementsEqual(bytes) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  func find(_ bytes: ArraySlice<UInt8>, _ pool: [UInt8], _ starts: [Int]) -> Int? {
    let id = slots[slot(bytes, pool, starts)]
    return id < 0 ? nil : Int(id)
  }

  /// Adds a token unless another stands for the same bytes.
  mutating func insert(_ id: Int, _ pool: [UInt8], _ starts: [Int]) {
    let slot = slot(pool[starts[id]..<starts[id + 1]], pool, starts)
    if slots[slot] < 0 { slots[slot] = Int32(id) }
  }
}

/// A 64-bit FNV-1a hash, mixed once more at the end.
@inline(__always)
func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return hash &* 0x9E37_79B9_7F4A_7C15
}
