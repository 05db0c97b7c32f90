internal import Autodiff
package import Inputs
package import Tensors

/// What a training is of: all that tells it from others.
package protocol TrainingTask {
  /// What is left of it in the end.
  associatedtype Outcome

  /// Parameters as a step finds them, with what schedules set in them, such as a temperature.
  func scheduled(
    _ parameters: TrainingState.Parameters, step: Int
  ) -> TrainingState.Parameters

  /// The loss before a step, and its gradients at what the optimiser moves.
  ///
  /// - Throws: `Stopped` where the step is given up, on all ranks.
  func gradients(
    at parameters: TrainingState.Parameters, step: Int
  ) throws -> (loss: Float, gradients: [Tensor<Float>?])

  /// How good parameters are on what they are not trained on; nil where there is nothing of that.
  func evaluation(
    of parameters: TrainingState.Parameters, after step: Int
  ) throws -> TrainingHistory.Evaluation?

  /// What comes of the training whose last state this is.
  func outcome(of state: TrainingState) throws -> Outcome

  /// What to say of a number of a step that is not finite.
  func notFinite(_ what: String, step: Int) -> Refusal
}

extension TrainingTask {
  package func scheduled(
    _ parameters: TrainingState.Parameters, step: Int
  ) -> TrainingState.Parameters { parameters }

  package func evaluation(
    of parameters: TrainingState.Parameters, after step: Int
  ) throws -> TrainingHistory.Evaluation? { nil }
}

extension TrainingTask where Outcome == TrainingState {
  package func outcome(of state: TrainingState) -> TrainingState { state }
}

/// The one loop of all trainings: steps of an optimiser along the gradients of a task's loss.
///
/// What a step does hangs on the task and the state alone, so a training that was stopped, or killed,
/// goes on from a state that was kept with the same bits.
package struct Trainer {
  /// Steps of the whole training.
  package let steps: Int
  /// What every rate is multiplied by at a step.
  package let factor: (Int) -> Double
  /// The largest norm of a step's gradients, taken over all of them.
  package var clip: Double = .infinity
  /// Steps between evaluations, of which the last step has one too; nil: there are none.
  package var evaluateEvery: Int?
  /// Whether there is an evaluation before the first step.
  package var evaluatesStart = false
  package var stopping: EarlyStopping?

  package init(steps: Int, factor: @escaping (Int) -> Double = { _ in 1 }) {
    (self.steps, self.factor) = (steps, factor)
  }

  /// Trains, from a state to the end.
  ///
  /// - Parameters:
  ///   - advanced: Is told of the state after each step.
  ///   - stopped: Is told of the last whole state where the work is given up.
  /// - Throws: `Stopped`, or a refusal of the task's or of numbers that are not finite.
  package func run<Task: TrainingTask>(
    _ task: Task, from start: TrainingState,
    advanced: (TrainingState) throws -> Void = { _ in },
    stopped: (TrainingState) throws -> Void = { _ in }
  ) throws -> Task.Outcome {
    var state = start
    do {
      if evaluatesStart, state.history.evaluations.isEmpty { try evaluate(task, &state) }
      while state.step < steps, !state.isOver {
        // Whole or not at all: a step whose evaluation is given up is taken again.
        var next = state
        try step(task, &next)
        let isDue = evaluateEvery.map { next.step % $0 == 0 || next.step == steps } ?? false
        if isDue { try evaluate(task, &next) }
        state = next
        try advanced(state)
      }
      return try task.outcome(of: state)
    } catch let stop as Stopped {
      try stopped(state)
      throw stop
    }
  }

  private func step(_ task: some TrainingTask, _ state: inout TrainingState) throws {
    let number = state.step
    state.parameters = task.scheduled(state.parameters, step: number)
    let (loss, gradients) = try task.gradients(at: state.parameters, step: number)
    guard loss.isFinite else {
      throw task.notFinite("a loss of \(finiteness(of: loss))", step: number)
    }
    let (limited, norm) = clipped(gradients, toNorm: clip)
    guard norm.isFinite else {
      throw task.notFinite("a gradient of norm \(finiteness(of: norm))", step: number)
    }
    state.advance(loss: loss, gradients: limited, norm: norm, factor: factor(number))
  }

  private func evaluate(_ task: some TrainingTask, _ state: inout TrainingState) throws {
    guard let found = try task.evaluation(of: state.parameters, after: state.step) else { return }
    state.take(found, stopping: stopping)
  }
}

/// A number that is not finite, in words: the sign of one that is none means nothing.
package func finiteness(of value: some BinaryFloatingPoint) -> String {
  value.isNaN ? "NaN" : value < 0 ? "minus infinity" : "infinity"
}
