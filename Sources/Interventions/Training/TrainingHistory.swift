internal import Tensors

/// What a training can tell of its way, without its parameters.
package struct TrainingHistory: Sendable, Equatable, Codable {
  /// A look at the development set.
  package struct Evaluation: Sendable, Equatable, Codable {
    /// Steps taken before it.
    package let step: Int
    /// The mean over examples.
    package let loss: Float
    /// Answers that were right, of `count`.
    package let correct: Int
    package let count: Int

    package init(step: Int, loss: Float, correct: Int = 0, count: Int = 0) {
      (self.step, self.loss, self.correct, self.count) = (step, loss, correct, count)
    }

    /// The share of right answers; NaN of none.
    package var accuracy: Double { count > 0 ? Double(correct) / Double(count) : .nan }
  }

  /// Steps taken; of a search its evaluations.
  package var step = 0
  /// By step, before it, in nats; of a search the energies.
  package var losses: [Float] = []
  /// The norms of the steps' gradients, before they are clipped; a search has none.
  package var norms: [Float] = []
  package var evaluations: [Evaluation] = []

  package init() {}

  /// Whether it can be that of a training of so many steps.
  func fits(_ steps: Int) -> Bool {
    (0...steps).contains(step) && losses.count == step && norms.count == step
      && evaluations.allSatisfy { (0...step).contains($0.step) && (0...$0.count) ~= $0.correct }
  }

  private enum CodingKeys: String, CodingKey { case step, losses, norms, evaluations }

  /// Numbers as their bytes: what is read is what was written, bit by bit.
  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(step, forKey: .step)
    try fields.encode(Tensor([losses.count], losses), forKey: .losses)
    try fields.encode(Tensor([norms.count], norms), forKey: .norms)
    try fields.encode(evaluations, forKey: .evaluations)
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    step = try fields.decode(Int.self, forKey: .step)
    losses = try fields.decode(Tensor<Float>.self, forKey: .losses).elements
    norms = try fields.decode(Tensor<Float>.self, forKey: .norms).elements
    evaluations = try fields.decode([Evaluation].self, forKey: .evaluations)
  }
}

/// What stops training early, on the development set.
package struct EarlyStopping: Sendable, Equatable {
  package enum Watched: String, CaseIterable, Sendable { case accuracy, loss }

  package let watched: Watched
  /// Evaluations in a row without a better one.
  package let patience: Int
  /// The least that counts as better.
  package let threshold: Double

  package init(watched: Watched, patience: Int, threshold: Double) {
    (self.watched, self.patience, self.threshold) = (watched, patience, threshold)
  }
}
