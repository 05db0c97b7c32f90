/// A set of 128 small numbers.
struct Bits128: Sendable, Equatable {
  var low: UInt64 = 0
  var high: UInt64 = 0

  @inline(__always)
  func contains(_ bit: UInt8) -> Bool {
    (bit < 64 ? low &>> UInt64(bit) : high &>> UInt64(bit & 63)) & 1 != 0
  }

  mutating func insert(_ bit: UInt8) {
    if bit < 64 { low |= 1 << UInt64(bit) } else { high |= 1 << UInt64(bit & 63) }
  }

  mutating func formUnion(_ other: Bits128) {
    low |= other.low
    high |= other.high
  }

  var inverted: Bits128 { Bits128(low: ~low, high: ~high) }
}

/// A set of scalars: what `[...]`, `\p{...}`, `.` or one letter of a pattern matches.
///
/// ASCII is answered by a bit, the rest by the bit of the scalar's code and a few ranges.
struct ScalarClass: Sendable, Equatable {
  private(set) var ascii = Bits128()
  private var codes = Bits128()
  private var ranges: [ClosedRange<UInt32>] = []
  private var isNegated = false

  @inline(__always)
  func contains(_ scalar: UInt32, _ table: [UInt8]) -> Bool {
    if scalar < 128 { return ascii.contains(UInt8(truncatingIfNeeded: scalar)) }
    if codes.contains(ScalarTable.code(of: scalar, in: table)) { return !isNegated }
    if ranges.isEmpty { return isNegated }
    return ranges.contains { $0.contains(scalar) } != isNegated
  }

  /// The scalar, if the class holds just one and that is in ASCII.
  var onlyASCII: UInt32? {
    guard !reachesPastASCII, ascii.low.nonzeroBitCount + ascii.high.nonzeroBitCount == 1
    else { return nil }
    return UInt32(
      ascii.low != 0 ? ascii.low.trailingZeroBitCount : 64 + ascii.high.trailingZeroBitCount)
  }

  /// Whether the class may hold a scalar past ASCII.
  var reachesPastASCII: Bool { isNegated || !ranges.isEmpty || codes != Bits128() }

  mutating func insert(_ range: ClosedRange<UInt32>) {
    if range.lowerBound < 128 {
      for scalar in range.clamped(to: 0...127) { ascii.insert(UInt8(scalar)) }
    }
    if range.upperBound >= 128 { ranges.append(max(128, range.lowerBound)...range.upperBound) }
  }

  /// Adds every scalar whose code satisfies the predicate.
  mutating func insert(where predicate: (UInt8) -> Bool) {
    for code in 0..<UInt8(ScalarTable.codeCount)
    where Int(code & 31) < ScalarTable.categories.count && predicate(code) { codes.insert(code) }
    for scalar in 0..<UInt8(128) where predicate(ScalarTable.codes[Int(scalar)]) {
      ascii.insert(scalar)
    }
  }

  /// Adds the scalars of a class that is not itself an inverse.
  mutating func formUnion(_ other: ScalarClass) {
    precondition(!isNegated && !other.isNegated, "a union with an inverted class")
    ascii.formUnion(other.ascii)
    codes.formUnion(other.codes)
    ranges += other.ranges
  }

  /// The class of all other scalars.
  var inverted: ScalarClass {
    var result = self
    result.ascii = ascii.inverted
    result.isNegated.toggle()
    return result
  }
}
