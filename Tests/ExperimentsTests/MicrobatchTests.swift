import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

@testable import Experiments

/// What a step's gradients are where nothing divides anything: those of the mean over its examples.
struct MicrobatchTests {
  /// Of 13 examples batches of five leave three, which microbatches of two leave one of.
  private static func train(microbatch: Int) -> String {
    """
    [train]
    learning_rate = 0.1
    batch = 5
    microbatch = \(microbatch)
    """
  }

  private func das(microbatch: Int) throws -> DasTraining {
    let job = try DasJob.ofSums(train: 13, Self.train(microbatch: microbatch))
    let problem = try DasProblem(job, job.grid.point(0), job.untrained())
    return DasTraining(runner: DasRunner(problem, budget: 0), workers: OwnMicrobatches())
  }

  private func model(microbatch: Int) throws -> ModelTraining {
    let job = try ModelTrainJob(
      ModelTrainSpec(
        document(
          """
          kind = "train"
          [model]
          architecture = "gpt2"
          layers = 2
          width = 16
          heads = 2
          vocabulary = 256
          positions = 8
          [data]
          causal_model = "two_digit_addition"
          train = 13
          \(Self.train(microbatch: microbatch))
          """)))
    return ModelTraining(
      job: job, model: try job.start(), exchange: nil, workers: OwnMicrobatches())
  }

  private func expectAlike(
    _ whole: some TrainingTask, _ cut: some TrainingTask, from start: TrainingState
  ) throws {
    // A full batch, and the last one of the epoch.
    for step in [0, 2] {
      let (a, b) = try (
        whole.gradients(at: start.parameters, step: step),
        cut.gradients(at: start.parameters, step: step)
      )
      #expect(abs(a.loss - b.loss) <= 1e-5 * abs(a.loss))
      #expect(a.gradients.count == b.gradients.count)
      for (own, other) in zip(a.gradients, b.gradients) {
        let (own, other) = try (#require(own).elements, #require(other).elements)
        let largest = own.map(abs).max() ?? 0
        #expect(largest > 0)
        #expect(zip(own, other).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
      }
    }
  }

  @Test(arguments: [1, 2, 3])
  func `gradients of interventions are the mean over a step's examples`(size: Int) throws {
    let whole = try das(microbatch: 5)
    #expect(whole.runner.problem.job.steps.examples(of: 2).count == 3)
    try expectAlike(whole, das(microbatch: size), from: whole.start)
  }

  @Test(arguments: [1, 2, 3])
  func `gradients of a model are the mean over a step's examples`(size: Int) throws {
    let whole = try model(microbatch: 5)
    try expectAlike(whole, model(microbatch: size), from: whole.start)
  }

  @Test func `every example has its step in each epoch`() throws {
    let steps = try das(microbatch: 2).runner.problem.job.steps
    for epoch in 0..<2 {
      let all = (0..<3).flatMap { steps.examples(of: 3 * epoch + $0) }
      #expect(all.sorted() == Array(0..<13))
      let cut = (0..<3).flatMap { steps.microbatches(of: 3 * epoch + $0).map(\.count) }
      #expect(cut == [2, 2, 1, 2, 2, 1, 2, 1])
    }
  }
}
