internal import Foundation

/// NumPy's legacy generator, for reproducing published scripts that draw with it.
///
/// MT19937 (Matsumoto and Nishimura, 1998) with NumPy's seeding, and Marsaglia's polar method for
/// normal draws in NumPy's order: the second of each pair comes first.
package struct NumPyRandomState {
  private var state: [UInt32]
  private var place = 624
  private var kept: Double?

  package init(seed: UInt32) {
    state = [seed]
    for i in 1..<624 {
      let last = state[i - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(i))
    }
  }

  private mutating func word() -> UInt32 {
    if place == 624 {
      for i in 0..<624 {
        let y = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7FFF_FFFF)
        state[i] = state[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
      }
      place = 0
    }
    var y = state[place]
    place += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  /// A double in [0, 1) with 53 random bits.
  private mutating func uniform() -> Double {
    let a = Double(word() >> 5)
    let b = Double(word() >> 6)
    return (a * 67_108_864 + b) / 9_007_199_254_740_992
  }

  /// One draw of `randn`.
  package mutating func normal() -> Double {
    if let value = kept {
      kept = nil
      return value
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      guard square < 1, square != 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      kept = factor * x
      return factor * y
    }
  }
}
