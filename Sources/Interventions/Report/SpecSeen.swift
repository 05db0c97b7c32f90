internal import Tensors

/// What a specification's run has to show beside the tensors that it gives.
struct SpecSeen: Sendable {
  /// What is run with changes: the base, or each batch of a training.
  var calls: [InterventionCall<Float>] = []
  /// Logits, packed like the base; the unchanged run's where they were asked for.
  var logits: (original: Tensor<Float>?, intervened: Tensor<Float>)?
  /// New tokens of each example of a generation.
  var newTokens = 0
  /// Steps of a training, and the parameters that it changes with their numbers.
  var steps = 0
  var trained: [(path: String, count: Int)] = []
  /// The numbers of the calls whose unchanged runs a loss compares with.
  var compared: [Int] = []
  /// Passes over each call beside the changed one: the backward pass counts for two.
  var gradientPasses = 0
}

extension SpecSeen {
  /// What a training has to show, once it is checked.
  ///
  /// - Parameter trained: The parameters that it moves, with how many numbers each has.
  mutating func trains(
    _ train: TrainSpec, _ calls: [InterventionCall<Float>], _ trained: [(String, Int)]
  ) {
    self.calls = calls
    (steps, gradientPasses) = (train.fields.steps * train.fields.accumulation, 2)
    self.trained = trained.map { (path: $0, count: $1) }
  }
}
