/// A map from pairs of small numbers to 64 bits, for the loops where `Dictionary` is too slow.
///
/// Open addressing with linear probing, at most half full. It only grows.
struct PairTable: Sendable {
  private var keys: [UInt64]
  private var values: [UInt64]
  private var mask: Int
  private(set) var count = 0

  private static let empty = UInt64.max

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    keys = Array(repeating: Self.empty, count: size)
    values = Array(repeating: 0, count: size)
    mask = size - 1
  }

  @inline(__always)
  private static func key(_ a: Int32, _ b: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    // The high half of a multiplication mixes best; neighbours in the table are then unrelated.
    let mixed = key &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(truncatingIfNeeded: mixed >> 32) & mask
    while keys[slot] != key, keys[slot] != Self.empty { slot = (slot + 1) & mask }
    return slot
  }

  /// The value of a pair, neither of them negative.
  @inline(__always)
  func value(_ a: Int32, _ b: Int32) -> UInt64? {
    let key = Self.key(a, b)
    let slot = slot(of: key)
    return keys[slot] == key ? values[slot] : nil
  }

  mutating func set(_ a: Int32, _ b: Int32, to value: UInt64) {
    precondition(a >= 0 && b >= 0, "PairTable: the pair (\(a), \(b)) has a negative part")
    if (count + 1) * 2 > keys.count { grow() }
    let key = Self.key(a, b)
    let slot = slot(of: key)
    if keys[slot] != key { count += 1 }
    keys[slot] = key
    values[slot] = value
  }

  private mutating func grow() {
    var larger = PairTable(capacity: keys.count)
    for (key, value) in zip(keys, values) where key != Self.empty {
      let slot = larger.slot(of: key)
      larger.keys[slot] = key
      larger.values[slot] = value
    }
    larger.count = count
    self = larger
  }
}
