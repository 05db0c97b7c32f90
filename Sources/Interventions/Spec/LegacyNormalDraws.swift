internal import Foundation

/// The normal draws of NumPy's `RandomState(seed).randn`: MT19937 and the polar method.
///
/// Matsumoto and Nishimura, 1998, <https://doi.org/10.1145/272991.272995>; Marsaglia and Bray, 1964.
struct LegacyNormalDraws {
  private var state: [UInt32]
  private var at = 624
  private var kept: Double?

  init(seed: UInt32) {
    var state = [seed]
    state.reserveCapacity(624)
    for i in 1..<624 {
      let last = state[i - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(i))
    }
    self.state = state
  }

  private mutating func renew() {
    for i in 0..<624 {
      let y = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7fff_ffff)
      state[i] = state[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
    }
    at = 0
  }

  private mutating func bits() -> UInt32 {
    if at == 624 { renew() }
    var y = state[at]
    at += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    return y ^ (y >> 18)
  }

  private mutating func unit() -> Double {
    let (a, b) = (bits() >> 5, bits() >> 6)
    return (Double(a) * 67_108_864 + Double(b)) / 9_007_199_254_740_992
  }

  mutating func next() -> Double {
    if let kept {
      self.kept = nil
      return kept
    }
    while true {
      let x = 2 * unit() - 1
      let y = 2 * unit() - 1
      let square = x * x + y * y
      guard square < 1, square != 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      kept = factor * x
      return factor * y
    }
  }
}
