internal import Autodiff
internal import Foundation
internal import Inputs
internal import ResultsStore
internal import Tensors

/// A training's state as the content of a checkpoint's file: a binary property list.
enum TrainingCheckpoint {
  private enum Memory: Codable {
    case adam(Adam<Float>)
    case descent(GradientDescent<Float>)

    init(_ optimizer: any Optimizer<Float>) {
      switch optimizer {
      case let adam as Adam<Float>: self = .adam(adam)
      case let descent as GradientDescent<Float>: self = .descent(descent)
      default: preconditionFailure("an optimiser without a checkpoint")
      }
    }

    var optimizer: any Optimizer<Float> {
      switch self {
      case .adam(let adam): adam
      case .descent(let descent): descent
      }
    }
  }

  private struct Content: Codable {
    let job: String
    let unit: Int
    let step: Int
    let parameters: TrainingState.Parameters
    let memory: Memory
    let losses: [UInt32]
    let norms: [UInt32]
    let evaluations: [DasResult.Evaluation]
    let best: TrainingState.Best?
    let stale: Int
    let isOver: Bool
  }

  /// - Parameter job: The digest of the run's specification.
  static func bytes(_ state: TrainingState, job: String, unit: Int) throws(Refusal) -> [UInt8] {
    let content = Content(
      job: job, unit: unit, step: state.step, parameters: state.parameters,
      memory: Memory(state.optimizer), losses: state.losses.map(\.bitPattern),
      norms: state.norms.map(\.bitPattern), evaluations: state.evaluations, best: state.best,
      stale: state.stale, isOver: state.isOver)
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    do {
      let body = [UInt8](try encoder.encode(content))
      return CheckpointFile.bytes(.training, step: state.step, body)
    } catch {
      throw Refusal(
        .resources, field: "checkpoint of unit \(unit)", found: escaped("\(error)"),
        expected: "a state that can be written")
    }
  }

  /// The state in a file's bytes.
  ///
  /// - Parameters:
  ///   - start: The training before its first step, whose shapes it must have.
  ///   - steps: Of the whole training.
  static func state(
    _ bytes: [UInt8], file: String, job: String, unit: Int, like start: TrainingState, steps: Int
  ) throws(Refusal) -> TrainingState {
    func refusal(_ found: String) -> Refusal {
      Refusal(
        .store, file: file, found: found,
        expected:
          "the checkpoint of unit \(unit) of this run; without the file the unit begins anew")
    }
    let body = try CheckpointFile.body(bytes, of: .training, file: file)
    let content: Content
    do {
      content = try PropertyListDecoder().decode(Content.self, from: Data(body))
    } catch { throw refusal("a content that cannot be read") }
    guard content.job == job, content.unit == unit else {
      throw refusal("a checkpoint of another run or unit")
    }
    func shapes(_ parameters: TrainingState.Parameters) -> [[String: [Int]]] {
      parameters.map { $0.mapValues(\.shape) }
    }
    var state = start
    state.parameters = content.parameters
    state.optimizer = content.memory.optimizer
    (state.step, state.stale, state.isOver) = (content.step, content.stale, content.isOver)
    state.losses = content.losses.map(Float.init(bitPattern:))
    state.norms = content.norms.map(Float.init(bitPattern:))
    (state.evaluations, state.best) = (content.evaluations, content.best)
    guard shapes(state.parameters) == shapes(start.parameters),
      content.best.map({ shapes($0.parameters) == shapes(start.parameters) }) ?? true,
      state.optimizer.groups == start.optimizer.groups,
      state.optimizer.rememberedShapes.count == start.optimizer.rememberedShapes.count
    else { throw refusal("parameters of another training") }
    guard (0...steps).contains(state.step), state.losses.count == state.step,
      state.norms.count == state.step, state.stale >= 0,
      state.evaluations.allSatisfy({ (0...state.step).contains($0.step) && $0.correct >= 0 })
    else { throw refusal("a step \(content.step) that does not fit its losses") }
    return state
  }
}
