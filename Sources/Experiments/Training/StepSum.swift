internal import Autodiff
internal import Inputs
internal import Tensors

/// What all microbatches of a step add up to.
struct StepSum {
  /// The gradients of the step's mean loss, one after another.
  let gradients: [Float]
  /// Each microbatch's part of the mean loss.
  let losses: [Float]
}

/// A number that is not finite, in words: the sign of one that is none means nothing.
func finiteness(of value: some BinaryFloatingPoint) -> String {
  value.isNaN ? "NaN" : value < 0 ? "minus infinity" : "infinity"
}

extension MicrobatchWorkers {
  /// The first of so many microbatches whose loss is not finite; nil where only their sum is not.
  ///
  /// Runs all of them once more, which is only worth it to say what is wrong.
  func firstNotFinite(
    of count: Int, _ loss: @Sendable (Int) throws -> Float
  ) throws(Refusal) -> Int? {
    try sum(count, length: count, label: -2) { place in
      var marks = [Float](repeating: 0, count: count)
      marks[place] = try loss(place).isFinite ? 0 : 1
      return marks
    }.firstIndex { $0 > 0 }
  }

  /// A step's loss and gradients, summed over its microbatches.
  ///
  /// A microbatch's vector is its gradient, a place for each microbatch's loss, and whether to stop:
  /// one sum says all, and the same on every rank.
  ///
  /// - Parameters:
  ///   - microbatches: The step's examples, by number.
  ///   - length: Of all gradients together.
  ///   - step: Its number.
  ///   - loss: Records the mean loss of some examples, and what its gradients are wanted at.
  ///   - refuse: What to say of a loss that is not finite.
  /// - Returns: Nil where a stop was asked for.
  func sum(
    _ microbatches: [[Int]], length: Int, step: Int, isStopping: @Sendable () -> Bool,
    loss: @Sendable ([Int], Tape<Float>) throws -> (mean: Variable<Float>, at: [Variable<Float>]),
    refuse: (_ what: String, _ examples: [Int]) -> Refusal
  ) throws(Refusal) -> StepSum? {
    let examples = microbatches.reduce(0) { $0 + $1.count }
    let sum = try sum(
      microbatches.count, length: length + microbatches.count + 1, label: step
    ) { place in
      let tape = Tape<Float>()
      let own = microbatches[place]
      let (mean, leaves) = try loss(own, tape)
      let part =
        own.count == examples ? mean : tape.scale(mean, by: Float(own.count) / Float(examples))
      var vector: [Float] = []
      vector.reserveCapacity(length + microbatches.count + 1)
      for gradient in tape.gradients(of: part, at: leaves) { vector += gradient.elements }
      vector += microbatches.indices.map { $0 == place ? part.value.scalar : 0 }
      vector.append(isStopping() ? 1 : 0)
      return vector
    }
    if sum[sum.count - 1] > 0 { return nil }
    let losses = Array(sum[length..<sum.count - 1])
    if let bad = losses.firstIndex(where: { !$0.isFinite }) {
      throw refuse("a loss of \(finiteness(of: losses[bad]))", microbatches[bad])
    }
    return StepSum(gradients: Array(sum[..<length]), losses: losses)
  }
}
