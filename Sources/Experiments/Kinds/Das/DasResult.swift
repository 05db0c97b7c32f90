internal import Inputs
package import Interventions
internal import Prompts
internal import ResultsStore

/// What a training came to, as its journal record holds it: the same bytes wherever it was run.
package struct DasResult: Sendable, Equatable {
  /// What an intervention is compared with.
  package enum Control: Int, CaseIterable, Sendable {
    /// The trained rotation replaced by a random one.
    case randomRotation
    /// The whole vector exchanged.
    case fullSwap
    /// The sources of other examples, the labels left.
    case shuffledSources

    package var name: String {
      switch self {
      case .randomRotation: "random_rotation"
      case .fullSwap: "full_swap"
      case .shuffledSources: "shuffled_sources"
      }
    }
  }

  package typealias Evaluation = TrainingHistory.Evaluation

  /// By step, before it.
  package var losses: [Float] = []
  /// The norms of the steps' gradients, before they are clipped.
  package var norms: [Float] = []
  package var evaluations: [Evaluation] = []
  /// After how many steps the parameters are those that are kept.
  package var keptStep = 0
  /// By split; nil where the job has no such data.
  package var scores: [Score?] = []
  /// The model without interventions, on the data of the controls; nil where labels are not told.
  package var unchanged: Score?
  /// By control; nil where it means nothing for the job's types.
  package var controls: [Score?] = []
  /// Of boundless rotations, in the order of interventions.
  package var boundaries: [Float] = []
  /// SHA-256 of the trained parameters.
  package var parametersDigest = ""

  package init() {}

  /// What a training's last state says; scores and parameters are yet to come.
  init(of state: TrainingState) {
    (losses, norms) = (state.history.losses, state.history.norms)
    (evaluations, keptStep) = (state.history.evaluations, state.finalStep)
  }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    func put(_ score: Score?) {
      writer.integer(Int32(score?.count ?? -1))
      writer.integer(Int32(score?.correct ?? 0))
      writer.floats([score?.loss ?? 0])
    }
    writer.integer(Int32(losses.count))
    writer.floats(losses)
    writer.floats(norms)
    writer.integer(Int32(evaluations.count))
    for one in evaluations {
      for value in [one.step, one.correct, one.count] { writer.integer(Int32(value)) }
      writer.floats([one.loss])
    }
    writer.integer(Int32(keptStep))
    for score in scores + [unchanged] + controls { put(score) }
    writer.integer(Int32(boundaries.count))
    writer.floats(boundaries)
    return writer.bytes + Array(parametersDigest.utf8)
  }

  /// - Throws: Where the bytes are not of a training of at most so many steps.
  init(_ bytes: [UInt8], steps: Int, unit: Int) throws(Refusal) {
    var reader = ByteReader(bytes, what: "unit \(unit)")
    let taken = try reader.count(upTo: steps)
    losses = try reader.floats(taken)
    norms = try reader.floats(taken)
    for _ in 0..<(try reader.count(upTo: steps + 1)) {
      let step = try reader.count(upTo: steps)
      let correct = try reader.count(upTo: Int(Int32.max))
      let count = try reader.count(upTo: Int(Int32.max))
      guard correct <= count else { throw reader.malformed }
      evaluations.append(
        Evaluation(step: step, loss: try reader.floats(1)[0], correct: correct, count: count))
    }
    keptStep = try reader.count(upTo: steps)
    for _ in Split.allCases { scores.append(try reader.score()) }
    unchanged = try reader.score()
    for _ in Control.allCases { controls.append(try reader.score()) }
    boundaries = try reader.floats(try reader.count(upTo: 1 << 16))
    parametersDigest = try reader.text(64)
    try reader.end()
  }
}

extension ByteReader {
  mutating func score() throws(Refusal) -> Score? {
    let (count, correct) = (try integer(), try integer())
    let loss = try floats(1)[0]
    if count < 0 { return nil }
    guard (0...count).contains(correct) else { throw malformed }
    return Score(count: count, correct: correct, loss: loss)
  }
}
