internal import Tensors

/// What a specification's run has to show beside the tensors that it gives.
struct SpecSeen: Sendable {
  /// What is run with changes: the base, or each batch of a training.
  var calls: [InterventionCall<Float>] = []
  /// Logits, packed like the base; the unchanged run's where they were asked for.
  var logits: (original: Tensor<Float>?, intervened: Tensor<Float>)?
  /// New tokens of each example of a generation.
  var newTokens = 0
  /// Continuations of each example that a generation follows: so many times wider is each pass.
  var beams = 1
  /// Steps of a training, and the numbers that it changes.
  var steps = 0
  var trainedCount = 0
  /// The numbers of the calls whose unchanged runs a loss compares with.
  var compared: [Int] = []
  /// Passes over each call beside the changed one: the backward pass counts for two.
  var gradientPasses = 0
}

extension SpecSeen {
  /// What a training has to show, once it is checked.
  ///
  /// - Parameter counts: How many numbers each parameter has that it moves.
  mutating func trains(
    _ train: TrainSpec, _ calls: [InterventionCall<Float>], _ counts: [Int]
  ) {
    self.calls = calls
    (steps, gradientPasses) = (train.fields.steps * train.fields.accumulation, 2)
    trainedCount = counts.reduce(0, +)
  }
}
