package import Autodiff
package import Inputs
internal import Tensors

/// Where the microbatches of a training are computed. Their vectors are added in a fixed tree over
/// their numbers, so the sum has the same bits wherever that is.
public protocol MicrobatchWorkers: Sendable {
  /// The sum of the vectors that `work` gives for the numbers below `count`.
  ///
  /// - Parameter label: What is summed; ranks that disagree are refused.
  /// - Throws: `Stopped` where a stop was asked for, on all ranks.
  func sum(
    _ count: Int, length: Int, label: Int, _ work: @Sendable (Int) throws -> [Float]
  ) throws -> [Float]
}

extension MicrobatchWorkers {
  /// The first of so many microbatches whose loss is not finite; nil where only their sum is not.
  ///
  /// Runs all of them once more, which is only worth it to say what is wrong.
  package func firstNotFinite(
    of count: Int, _ loss: @Sendable (Int) throws -> Float
  ) throws -> Int? {
    try sum(count, length: count, label: -2) { place in
      var marks = [Float](repeating: 0, count: count)
      marks[place] = try loss(place).isFinite ? 0 : 1
      return marks
    }.firstIndex { $0 > 0 }
  }

  /// A step's loss and gradients, summed over its microbatches.
  ///
  /// A microbatch's vector is its gradient and a place for each microbatch's loss, so that one which
  /// is not finite has a name.
  ///
  /// - Parameters:
  ///   - microbatches: The step's examples, by number.
  ///   - length: Of all gradients together.
  ///   - step: Its number.
  ///   - loss: Records the mean loss of some examples, and what its gradients are wanted at.
  ///   - refuse: What to say of a loss that is not finite.
  /// - Returns: The mean loss of all examples, and its gradients one after another.
  package func step(
    _ microbatches: [[Int]], length: Int, step: Int,
    loss: @Sendable ([Int], Tape<Float>) throws -> (mean: Variable<Float>, at: [Variable<Float>]),
    refuse: (_ what: String, _ examples: [Int]) -> Refusal
  ) throws -> (loss: Float, gradients: [Float]) {
    let examples = microbatches.reduce(0) { $0 + $1.count }
    let sum = try sum(
      microbatches.count, length: length + microbatches.count, label: step
    ) { place in
      let tape = Tape<Float>()
      let own = microbatches[place]
      let (mean, leaves) = try loss(own, tape)
      let part =
        own.count == examples ? mean : tape.scale(mean, by: Float(own.count) / Float(examples))
      var vector: [Float] = []
      vector.reserveCapacity(length + microbatches.count)
      for gradient in tape.gradients(of: part, at: leaves) { vector += gradient.elements }
      return vector + microbatches.indices.map { $0 == place ? part.value.scalar : 0 }
    }
    let losses = sum[length...]
    if let bad = losses.firstIndex(where: { !$0.isFinite }) {
      throw refuse("a loss of \(finiteness(of: losses[bad]))", microbatches[bad - length])
    }
    return (losses.reduce(0, +), Array(sum[..<length]))
  }
}
