import Inputs
import Models
import _TestSupport

@testable import Experiments
@testable import Prompts

extension DasJob {
  /// A job over sums of two numbers, on a small model that is not trained.
  ///
  /// - Parameters:
  ///   - variable: What its intervention stands for.
  ///   - training: The section `[train]`.
  static func ofSums(
    train: Int, variable: String = "variable = \"carry_1\"", _ training: String
  ) throws -> DasJob {
    try DasJob(
      DasSpec(
        document(
          """
          kind = "das"
          [pretrain.model]
          architecture = "gpt2"
          layers = 2
          width = 16
          heads = 2
          vocabulary = 256
          positions = 8
          [pretrain.data]
          causal_model = "two_digit_addition"
          train = 4
          [pretrain.train]
          learning_rate = 0.1
          [data]
          causal_model = "two_digit_addition"
          intervene = ["carry_1"]
          train = \(train)
          [[interventions]]
          intervention_type = "LowRankRotatedSpaceIntervention"
          low_rank_dimension = 2
          component = "block_output"
          layer = 1
          \(variable)
          \(training)
          """)))
  }

  /// The model as the job begins with it.
  func untrained() throws -> any TrainableModel<Float> {
    guard case .trained(let first) = weights else {
      throw Refusal(.job, found: "a model's folder", expected: "[pretrain]")
    }
    return try first.start()
  }
}
