internal import Cluster
internal import Inputs
internal import Interventions
internal import Tensors

/// What a unit's search has evaluated, in order.
///
/// A search decides everything by the energies and gradients that it is told. Told the same ones it
/// goes the same way, to the bit: one that was cut short is run again from its beginning, its old
/// evaluations answered from here and only new ones by the model.
final class EvaluationLog {
  typealias Value = (energy: Double, gradient: [Double])

  /// All evaluations of a search so far.
  private struct State: Resumable {
    struct Entry: Codable {
      /// Of the directions that it was of.
      let checksum: Int64
      let energy: Double
      let gradient: Tensor<Double>
    }

    static let content = CheckpointFile.Content.search
    var entries: [Entry] = []

    /// The energies, in nats.
    var history: TrainingHistory {
      var history = TrainingHistory()
      history.step = entries.count
      history.losses = entries.map { Float($0.energy) }
      return history
    }
  }

  private var state = State()
  /// Evaluations that were asked for since the beginning.
  private var asked = 0
  /// Nil where nothing is kept.
  private let keeper: CheckpointKeeper<State>?

  /// A log that is not kept.
  init() { keeper = nil }

  /// What was kept of a unit. Collective; `rank` 0 keeps it on.
  init(
    _ start: RunStart, _ unit: Int, _ pace: CheckpointPace, on world: Communicator
  ) throws(Refusal) {
    let keeper = CheckpointKeeper<State>(start, unit, pace, rank: world.rank)
    self.keeper = world.rank == 0 ? keeper : nil
    guard let kept = try keeper.stored(on: world) else { return }
    for entry in kept.entries
    where !entry.energy.isFinite || !entry.gradient.elements.allSatisfy(\.isFinite) {
      throw CheckpointFile.refusal(keeper.path, "an evaluation that is not finite")
    }
    state = kept
  }

  /// The value at some directions: as it is logged, or else computed now.
  func value(at directions: [Float], _ compute: () throws -> Value) throws -> Value {
    let checksum = Self.checksum(directions)
    if asked < state.entries.count {
      let entry = state.entries[asked]
      guard entry.checksum == checksum else {
        throw CheckpointFile.refusal(
          keeper?.path ?? "", "other directions than the search goes through, evaluation \(asked)")
      }
      asked += 1
      return (entry.energy, entry.gradient.elements)
    }
    let value = try compute()
    state.entries.append(
      State.Entry(
        checksum: checksum, energy: value.energy,
        gradient: Tensor([value.gradient.count], value.gradient)))
    asked += 1
    if let keeper, keeper.isDue(at: asked) { try keep() }
    return value
  }

  /// Writes what there is, where it is kept.
  func keep() throws(Refusal) {
    if !state.entries.isEmpty { try keeper?.keep(state) }
  }

  /// FNV-1a over the bits of numbers.
  private static func checksum(_ numbers: [Float]) -> Int64 {
    Int64(
      bitPattern: numbers.reduce(0xcbf2_9ce4_8422_2325) {
        ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3
      })
  }
}
