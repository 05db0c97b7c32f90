internal import Autodiff
internal import Foundation
internal import Inputs
internal import Interventions
internal import Tensors

/// A training between two steps: all that the next one depends on.
///
/// The order of the data follows from the job's seed and the step, so the step is the place in the
/// data and the state of the random numbers too.
struct TrainingState: Sendable {
  /// Parameters of interventions under their names, by intervention.
  typealias Parameters = [[String: Tensor<Float>]]

  /// What was best on the development set.
  struct Best: Sendable, Codable {
    let step: Int
    let value: Double
    let parameters: Parameters
  }

  /// Steps taken.
  var step = 0
  var parameters: Parameters
  var optimizer: any Optimizer<Float>
  var losses: [Float] = []
  var norms: [Float] = []
  var evaluations: [DasResult.Evaluation] = []
  var best: Best?
  /// Evaluations since the best one.
  var stale = 0
  /// Whether it was stopped early.
  var isOver = false

  init(parameters: Parameters, optimizer: any Optimizer<Float>) {
    (self.parameters, self.optimizer) = (parameters, optimizer)
  }

  /// Counts a step whose parameters are taken.
  mutating func advance(loss: Float, norm: Double) {
    losses.append(loss)
    norms.append(Float(norm))
    step += 1
  }

  /// Takes a score of the development set, keeps the best state, and stops where it is in vain to go
  /// on.
  mutating func take(_ score: Score, stopping: TrainSection.EarlyStopping?) {
    evaluations.append(
      DasResult.Evaluation(
        step: step, loss: score.loss, correct: score.correct, count: score.count))
    guard let stopping else { return }
    let value = stopping.watched == .accuracy ? score.accuracy : -Double(score.loss)
    if best.map({ value > $0.value + stopping.threshold }) ?? true {
      best = Best(step: step, value: value, parameters: parameters)
      stale = 0
    } else {
      stale += 1
      isOver = stale >= stopping.patience
    }
  }

  /// The parameters of some interventions.
  static func parameters(of interventions: [any Intervention<Float>]) -> Parameters {
    interventions.map { intervention in
      Dictionary(
        uniqueKeysWithValues: intervention.parameters.entries.map { ($0.name, $0.value) })
    }
  }

  /// Interventions with these parameters.
  static func put(
    _ parameters: Parameters, in interventions: inout [any Intervention<Float>]
  ) {
    for (index, own) in parameters.enumerated() {
      for (name, value) in own { interventions[index].parameters[name] = value }
    }
  }

  /// SHA-256 of parameters: names and bytes, in a fixed order.
  static func digest(of parameters: Parameters) -> String {
    var bytes: [UInt8] = []
    for (index, own) in parameters.enumerated() {
      for (name, value) in own.sorted(by: { $0.key < $1.key }) {
        bytes += "\(index).\(name) \(value.shape)\n".utf8
        value.withPointer { from in
          bytes += UnsafeRawBufferPointer(
            start: from, count: value.count * MemoryLayout<Float>.stride)
        }
      }
    }
    return Digest.of(bytes)
  }
}
