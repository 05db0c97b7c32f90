package import Inputs
package import Interventions
package import Tensors

/// What a unit's search has evaluated, in order.
///
/// A search decides everything by the energies and gradients that it is told. Told the same ones it
/// goes the same way, to the bit: one that was cut short is run again from its beginning, its old
/// evaluations answered from here and only new ones by the model.
package final class EvaluationLog {
  typealias Value = (energy: Double, gradient: [Double])

  /// All evaluations of a search so far.
  package struct Kept: Codable, Sendable {
    package struct Entry: Codable, Sendable {
      /// Of the directions that it was of.
      let checksum: Int64
      package let energy: Double
      package let gradient: Tensor<Double>
    }

    package fileprivate(set) var entries: [Entry] = []

    package init() {}
  }

  /// Where evaluations are kept.
  package struct Keeper {
    let isDue: (_ evaluations: Int) -> Bool
    let keep: (Kept) throws(Refusal) -> Void
    /// A refusal of what is kept, by what was found.
    let misfit: (String) -> Refusal

    package init(
      isDue: @escaping (_ evaluations: Int) -> Bool,
      keep: @escaping (Kept) throws(Refusal) -> Void, misfit: @escaping (String) -> Refusal
    ) {
      (self.isDue, self.keep, self.misfit) = (isDue, keep, misfit)
    }
  }

  private var kept: Kept
  /// Evaluations that were asked for since the beginning.
  private var asked = 0
  /// Nil where nothing is kept.
  private let keeper: Keeper?

  /// A log that goes on from what was kept.
  package init(_ kept: Kept = Kept(), by keeper: Keeper? = nil) {
    (self.kept, self.keeper) = (kept, keeper)
  }

  /// The value at some directions: as it is logged, or else computed now.
  func value(at directions: [Float], _ compute: () throws -> Value) throws -> Value {
    let checksum = Self.checksum(directions)
    if asked < kept.entries.count {
      let entry = kept.entries[asked]
      guard entry.checksum == checksum else {
        let found = "other directions than the search goes through, evaluation \(asked)"
        throw keeper?.misfit(found) ?? Refusal(.store, found: found, expected: "its own")
      }
      asked += 1
      return (entry.energy, entry.gradient.elements)
    }
    let value = try compute()
    kept.entries.append(
      Kept.Entry(
        checksum: checksum, energy: value.energy,
        gradient: Tensor([value.gradient.count], value.gradient)))
    asked += 1
    if let keeper, keeper.isDue(asked) { try keep() }
    return value
  }

  /// Writes what there is, where it is kept.
  func keep() throws(Refusal) {
    if !kept.entries.isEmpty { try keeper?.keep(kept) }
  }

  /// FNV-1a over the bits of numbers.
  private static func checksum(_ numbers: [Float]) -> Int64 {
    Int64(
      bitPattern: numbers.reduce(0xcbf2_9ce4_8422_2325) {
        ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3
      })
  }
}

extension EvaluationLog.Kept: Resumable {
  package static let content = CheckpointFile.Content.search

  /// The energies, in nats.
  package var history: TrainingHistory {
    var history = TrainingHistory()
    history.step = entries.count
    history.losses = entries.map { Float($0.energy) }
    return history
  }
}
