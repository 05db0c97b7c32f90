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
    shuffle ? Philox(key: seed).order(of: exampleCount, round: epoch) : Array(0..<exampleCount)
  }
}
