import Autodiff
import Foundation
import Inputs
import Tensors
import Testing

@testable import Interventions

/// The one loop of all trainings, on a sum of squares.
struct TrainerTests {
  /// Two parameters drawn to targets of their own; the loss is the sum of squared distances.
  private struct Squares: TrainingTask {
    /// Sources of a stop, and of numbers that are not finite, by step.
    var stopsAt: Int?
    var stopsInEvaluation = false
    var breaksAt: Int?

    func gradients(
      at parameters: TrainingState.Parameters, step: Int
    ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
      if step == stopsAt, !stopsInEvaluation { throw Stopped() }
      let distances = zip(["a", "b"], [Float(2), -1]).map { name, target in
        (parameters[0][name]?.elements[0] ?? .nan) - target
      }
      let loss = distances.reduce(0) { $0 + $1 * $1 }
      return (step == breaksAt ? .nan : loss, distances.map { Tensor([1], [2 * $0]) })
    }

    func evaluation(
      of parameters: TrainingState.Parameters, after step: Int
    ) throws -> TrainingHistory.Evaluation? {
      if step - 1 == stopsAt, stopsInEvaluation { throw Stopped() }
      return .init(step: step, loss: Float(step == 4 ? 1 : 2), correct: 1, count: 2)
    }

    func notFinite(_ what: String, step: Int) -> Refusal {
      Refusal(.job, field: "step \(step)", found: what, expected: "finite numbers")
    }
  }

  private func start(_ optimizer: any Optimizer<Float>) -> TrainingState {
    TrainingState(
      [["a": Tensor([1], [0.5]), "b": Tensor([1], [3])]],
      moving: ["a", "b"].map { .init(intervention: 0, name: $0) }, by: optimizer)
  }

  private static let groups = [
    ParameterGroup(count: 1, rate: 0.1), ParameterGroup(count: 1, rate: 0.03),
  ]
  private static let optimizers: [any Optimizer<Float>] = [
    Adam<Float>(groups), GradientDescent<Float>(groups, momentum: 0.9),
  ]

  private var trainer: Trainer {
    var trainer = Trainer(steps: 20) { 1 / Double($0 + 1) }
    trainer.evaluateEvery = 3
    trainer.clip = 1
    return trainer
  }

  @Test(arguments: [0, 1, 7, 19], [false, true])
  func `a training that was stopped goes on from the written state to the same bits`(
    step: Int, inEvaluation: Bool
  ) throws {
    for optimizer in Self.optimizers { try goOn(optimizer, step, inEvaluation) }
  }

  private func goOn(_ optimizer: any Optimizer<Float>, _ step: Int, _ inEvaluation: Bool) throws {
    let start = start(optimizer)
    let whole = try trainer.run(Squares(), from: start)
    var kept: TrainingState?
    // Only every third step has an evaluation, and the last one.
    let at = inEvaluation ? (step == 19 ? 19 : step / 3 * 3 + 2) : step
    #expect(throws: Stopped.self) {
      _ = try trainer.run(
        Squares(stopsAt: at, stopsInEvaluation: inEvaluation), from: start,
        stopped: { kept = $0 })
    }
    let state = try #require(kept)
    #expect(state.step == at)
    let bytes = try PropertyListEncoder().encode(state)
    let read = try PropertyListDecoder().decode(TrainingState.self, from: bytes)
    #expect(read.misfit(with: start, steps: 20) == nil)
    let resumed = try trainer.run(Squares(), from: read)
    #expect(resumed.parameters.digest == whole.parameters.digest)
    #expect(resumed.history == whole.history)
    #expect(whole.history.evaluations.map(\.step) == [3, 6, 9, 12, 15, 18, 20])
  }

  @Test func `a loss that is not finite is refused by its step, and the state stays`() throws {
    let refusal = #expect(throws: Refusal.self) {
      try trainer.run(Squares(breaksAt: 5), from: start(Self.optimizers[0]))
    }
    #expect(refusal?.field == "step 5" && refusal?.found == "a loss of NaN")
  }

  @Test func `patience ends a training, and what was best is kept`() throws {
    var trainer = Trainer(steps: 20)
    trainer.evaluateEvery = 1
    trainer.stopping = EarlyStopping(watched: .loss, patience: 3, threshold: 0)
    let end = try trainer.run(Squares(), from: start(Self.optimizers[1]))
    #expect(end.step == 7 && end.finalStep == 4)
    #expect(end.final.digest != end.parameters.digest)
  }

  @Test func `a state of another training is told from one's own`() throws {
    let start = start(Self.optimizers[0])
    let end = try trainer.run(Squares(), from: start)
    #expect(end.misfit(with: start, steps: 20) == nil)
    #expect(end.misfit(with: start, steps: 19) != nil)
    let other = TrainingState(
      [["a": Tensor([2], [0, 0]), "b": Tensor([1], [0])]],
      moving: ["a", "b"].map { .init(intervention: 0, name: $0) }, by: Self.optimizers[0])
    #expect(end.misfit(with: other, steps: 20) != nil)
  }
}
