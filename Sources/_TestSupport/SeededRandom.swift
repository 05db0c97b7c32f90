internal import Randomness

/// A small generator, seeded, the same on every machine.
public struct SeededRandom: RandomNumberGenerator {
  private var generator: SplitMix64

  public init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  public mutating func next() -> UInt64 { generator.next() }
}
