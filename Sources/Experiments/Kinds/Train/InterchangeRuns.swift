internal import Autodiff
internal import Interventions
internal import Models
internal import Prompts

/// Runs of a model whose own weights are trained, with states of other inputs put into them.
///
/// Gradients reach the weights through the base's run and through those of its sources. Geiger et
/// al., 2022, <https://arxiv.org/abs/2112.00826>, section 3.
struct InterchangeRuns: Sendable {
  let problem: DasProblem

  /// The logits of last positions with the interventions in place.
  ///
  /// - Parameter model: On the tape.
  func logits(
    _ numbers: [Int], of split: Split, _ model: any TrainableModel<Float>, on tape: Tape<Float>
  ) -> Variable<Float> {
    let setup = problem.described.setup
    let parameters = PreparedInterventions(setup, widths: problem.described.widths).values.constants
    return InterventionRun(model, setup, trainsModel: true).lastLogits(
      problem.call(numbers, of: split), prepared: parameters, on: tape)
  }

  func labels(_ numbers: [Int], of split: Split) -> [Int] { problem.labels(numbers, of: split) }
}
