internal import Foundation

/// Random numbers by counting: a number depends on the key and its place alone, so any rank can
/// draw any part of a sequence.
///
/// Philox 4x32-10. Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3".
package struct Philox: Sendable {
  private let key: (UInt32, UInt32)

  package init(key: UInt64) {
    self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
  }

  /// A generator of its own for each name: FNV-1a, 64 bits, of the name's UTF-8 joins the seed.
  package init(seed: UInt64, name: String) {
    self.init(
      key: seed
        ^ name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }

  /// Four random words at one place.
  package func words(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
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
  package func normals(_ count: Int, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> [Float] {
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

  /// The words at the places `(0…, low, high, c)`, one after the other, as a generator.
  package func stream(_ number: UInt64, _ c: UInt32 = 0) -> PhiloxStream {
    PhiloxStream(
      philox: self,
      place: SIMD3(
        UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), c))
  }
}

/// The random words of one place of a `Philox`, for what draws as many as it needs.
package struct PhiloxStream: RandomNumberGenerator, Sendable {
  private let philox: Philox
  private let place: SIMD3<UInt32>
  private var block: UInt32 = 0
  private var words: SIMD4<UInt32> = .zero
  private var used = 4

  fileprivate init(philox: Philox, place: SIMD3<UInt32>) {
    (self.philox, self.place) = (philox, place)
  }

  package mutating func next() -> UInt64 {
    if used >= 4 {
      words = philox.words(SIMD4(block, place[0], place[1], place[2]))
      block &+= 1
      used = 0
    }
    defer { used += 2 }
    return UInt64(words[used]) << 32 | UInt64(words[used + 1])
  }

  /// A uniform draw from [0, 1), with 53 random bits.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform draw from 0 ..< count, by rejection, so without bias.
  package mutating func below(_ count: Int) -> Int {
    precondition(count > 0, "a draw from nothing")
    let bound = UInt64(count)
    let limit = UInt64.max - UInt64.max % bound
    while true {
      let word = next()
      if word < limit { return Int(word % bound) }
    }
  }
}
