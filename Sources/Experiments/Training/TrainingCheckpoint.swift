internal import Autodiff
internal import Foundation
internal import Inputs
internal import ResultsStore
internal import Tensors

/// A training's state as a file: a line with what it is and the SHA-256 of the rest, then a binary
/// property list.
///
/// Written whole or not at all; what was flipped or cut off since is refused by the digest.
enum TrainingCheckpoint {
  private static let magic = "causeway training 1"
  private static let sizeLimit = 4 << 30

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
      return Array("\(magic) step \(state.step) \(Digest.of(body))\n".utf8) + body
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
    let (_, body) = try split(bytes, file: file)
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

  /// How many steps a file's training has taken, from its first line.
  static func step(_ path: String) throws(Refusal) -> Int {
    let file = try BoundedFile(path, kind: .store)
    return try header(file.bytes(at: 0, count: min(file.size, 200)), file: path).step
  }

  static func read(_ path: String) throws(Refusal) -> [UInt8] {
    try BoundedFile(path, kind: .store).readAll(limit: sizeLimit)
  }

  /// Checks a file against its own digest.
  static func verify(_ path: String) throws(Refusal) { _ = try split(read(path), file: path) }

  private static func split(
    _ bytes: [UInt8], file: String
  ) throws(Refusal) -> (step: Int, body: ArraySlice<UInt8>) {
    let (step, digest, start) = try header(bytes, file: file)
    let body = bytes[start...]
    guard Digest.of(Array(body)) == digest else {
      throw Refusal(
        .store, file: file, found: "another SHA-256 (damaged)",
        expected: "\(digest), as its first line says; without the file the unit begins anew")
    }
    return (step, body)
  }

  private static func header(
    _ bytes: [UInt8], file: String
  ) throws(Refusal) -> (step: Int, digest: String, end: Int) {
    let malformed = Refusal(
      .store, file: file, found: "no checkpoint of a training",
      expected: "a first line \"\(magic) step N SHA-256\"; without the file the unit begins anew")
    guard let end = bytes.prefix(200).firstIndex(of: 10),
      let line = String(validating: bytes[..<end], as: UTF8.self), line.hasPrefix(magic + " step ")
    else { throw malformed }
    let words = line.dropFirst(magic.utf8.count + 6).split(separator: " ")
    guard words.count == 2, let step = Int(words[0]), step >= 0, words[1].utf8.count == 64 else {
      throw malformed
    }
    return (step, String(words[1]), end + 1)
  }
}
