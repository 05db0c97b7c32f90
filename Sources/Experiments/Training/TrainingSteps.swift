internal import Randomness

/// The examples of each step of a training: by the seed and the number of the step alone, so that
/// any step can be taken up again.
struct TrainingSteps: Sendable {
  let exampleCount: Int
  /// Examples of a step, of which the last of an epoch may have fewer.
  let stepSize: Int
  let microbatch: Int
  let total: Int
  private let seed: UInt64
  private let shuffle: Bool

  init(_ train: TrainSection, exampleCount: Int, seed: UInt64) {
    self.exampleCount = exampleCount
    self.seed = seed
    stepSize = train.batch * train.accumulation
    microbatch = train.microbatch
    shuffle = train.shuffle
    let perEpoch = (exampleCount + stepSize - 1) / stepSize
    switch train.length {
    case .steps(let count): total = count
    case .epochs(let count): total = count * perEpoch
    }
  }

  var perEpoch: Int { (exampleCount + stepSize - 1) / stepSize }

  /// The examples of a step, in the order of its microbatches.
  func examples(of step: Int) -> [Int] {
    let order = order(of: step / perEpoch)
    let start = step % perEpoch * stepSize
    return Array(order[start..<min(start + stepSize, exampleCount)])
  }

  /// A step's examples cut into microbatches.
  func microbatches(of step: Int) -> [[Int]] { Self.cut(examples(of: step), by: microbatch) }

  static func cut(_ examples: [Int], by size: Int) -> [[Int]] {
    stride(from: 0, to: examples.count, by: size).map {
      Array(examples[$0..<min($0 + size, examples.count)])
    }
  }

  /// The order of an epoch.
  private func order(of epoch: Int) -> [Int] {
    shuffle
      ? Self.shuffled(exampleCount, seed: seed, round: epoch) : Array(0..<exampleCount)
  }

  /// The numbers below `count` in an order that seed and round decide.
  ///
  /// Fisher and Yates, 1938, as Durstenfeld has it, 1964, <https://doi.org/10.1145/364520.364540>.
  static func shuffled(_ count: Int, seed: UInt64, round: Int) -> [Int] {
    let random = Philox(key: seed)
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      let words = random.words(
        SIMD4(
          UInt32(truncatingIfNeeded: last), UInt32(truncatingIfNeeded: round), 0x6F72_6465, 0))
      let draw = UInt64(words[0]) << 32 | UInt64(words[1])
      order.swapAt(last, Int(draw.multipliedFullWidth(by: UInt64(last + 1)).high))
    }
    return order
  }
}
