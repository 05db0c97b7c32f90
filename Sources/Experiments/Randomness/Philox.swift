internal import Foundation

/// Random numbers by counting: a number depends on the key and its place alone, so any rank can
/// draw any part of a sequence.
///
/// Philox 4x32-10. Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3".
struct Philox: Sendable {
  let key: (UInt32, UInt32)

  init(key: UInt64) {
    self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
  }

  /// Four random words at one place.
  func words(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (k0, k1) = key
    var c = counter
    for _ in 0..<10 {
      let a = UInt64(0xD251_1F53) * UInt64(c[0])
      let b = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k1, UInt32(truncatingIfNeeded: a))
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return c
  }

  /// Standard normal draws at the places `(0…, b, c, d)`, four of them a counter.
  ///
  /// Box and Muller, 1958, on uniforms from the middles of 2³² equal parts of (0, 1).
  func normals(_ count: Int, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(count + 3)
    var block: UInt32 = 0
    while values.count < count {
      let w = words(SIMD4(block, b, c, d))
      for pair in 0..<2 {
        let u = (Double(w[2 * pair]) + 0.5) * 0x1p-32
        let angle = 2 * Double.pi * (Double(w[2 * pair + 1]) + 0.5) * 0x1p-32
        let radius = (-2 * log(u)).squareRoot()
        values.append(Float(radius * cos(angle)))
        values.append(Float(radius * sin(angle)))
      }
      block += 1
    }
    return Array(values.prefix(count))
  }
}
