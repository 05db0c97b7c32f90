internal import Cluster
internal import Inputs

/// What a unit's search has evaluated, in order.
///
/// A search decides everything by the energies and gradients that it is told. Told the same ones it
/// goes the same way, to the bit: one that was cut short is run again from its beginning, its old
/// evaluations answered from here and only new ones by the model.
final class EvaluationLog {
  typealias Value = (energy: Double, gradient: [Double])

  /// An evaluation.
  private struct Entry: Equatable {
    /// Of the directions that it was of.
    let checksum: UInt64
    let energy: Double
    let gradient: [Double]
  }

  private var entries: [Entry] = []
  /// Evaluations that were asked for since the beginning.
  private var asked = 0
  /// Nil where nothing is kept.
  private let keeper: CheckpointKeeper?

  /// A log that is not kept.
  init() { keeper = nil }

  /// What was kept of a unit. Collective; `rank` 0 keeps it on.
  init(
    _ start: RunStart, _ unit: Int, _ pace: CheckpointPace, on world: Communicator
  ) throws(Refusal) {
    let keeper = CheckpointKeeper(start, unit, pace, rank: world.rank)
    self.keeper = world.rank == 0 ? keeper : nil
    guard let bytes = try keeper.stored(on: world) else { return }
    entries = try world.agree { try Self.entries(bytes, keeper) }
  }

  /// The value at some directions: as it is logged, or else computed now.
  func value(at directions: [Float], _ compute: () throws -> Value) throws -> Value {
    let checksum = Self.checksum(directions)
    if asked < entries.count {
      let entry = entries[asked]
      guard entry.checksum == checksum else {
        throw Refusal(
          .store, file: keeper?.path ?? "", field: "evaluation \(asked)",
          found: "other directions than the search goes through",
          expected: "those of this search; without the file the unit begins anew")
      }
      asked += 1
      return (entry.energy, entry.gradient)
    }
    let value = try compute()
    entries.append(Entry(checksum: checksum, energy: value.energy, gradient: value.gradient))
    asked += 1
    if let keeper, keeper.isDue(at: asked) { try keep() }
    return value
  }

  /// Writes what there is, where it is kept.
  func keep() throws(Refusal) {
    guard let keeper, !entries.isEmpty else { return }
    try keeper.write(
      CheckpointFile.bytes(.search, step: entries.count, Self.body(entries, keeper)))
  }

  // MARK: Bytes

  /// The job's digest, then as eight bytes each the unit and, of each evaluation, the checksum, the
  /// size of the gradient, the energy and the gradient.
  private static func body(_ entries: [Entry], _ keeper: CheckpointKeeper) -> [UInt8] {
    func bits(_ value: Double) -> Int { Int(bitPattern: UInt(value.bitPattern)) }
    var words = [keeper.unit]
    for entry in entries {
      words += [
        Int(bitPattern: UInt(entry.checksum)), entry.gradient.count, bits(entry.energy),
      ]
      words += entry.gradient.map(bits)
    }
    return Array(keeper.job.utf8) + RunStart.encode(words)
  }

  private static func entries(
    _ bytes: [UInt8], _ keeper: CheckpointKeeper
  ) throws(Refusal) -> [Entry] {
    let body = try CheckpointFile.body(bytes, of: .search, file: keeper.path)
    let job = Array(keeper.job.utf8)
    let words = body.count < job.count ? [] : RunStart.decode(Array(body.dropFirst(job.count)))
    guard body.starts(with: job), words.first == keeper.unit else {
      throw refusal("a checkpoint of another run or unit", keeper)
    }
    func number(_ word: Int) -> Double { Double(bitPattern: UInt64(UInt(bitPattern: word))) }
    var entries: [Entry] = []
    var rest = words.dropFirst()
    while !rest.isEmpty {
      guard rest.count >= 3, case let (first, count) = (rest.startIndex, rest[rest.startIndex + 1]),
        (0...rest.count - 3).contains(count)
      else { throw refusal("an evaluation that is cut off", keeper) }
      let gradient = rest[(first + 3)..<(first + 3 + count)].map(number)
      let entry = Entry(
        checksum: UInt64(UInt(bitPattern: rest[first])), energy: number(rest[first + 2]),
        gradient: gradient)
      guard entry.energy.isFinite, gradient.allSatisfy(\.isFinite) else {
        throw refusal("an evaluation that is not finite", keeper)
      }
      entries.append(entry)
      rest = rest.dropFirst(3 + count)
    }
    return entries
  }

  private static func refusal(_ found: String, _ keeper: CheckpointKeeper) -> Refusal {
    Refusal(
      .store, file: keeper.path, found: found,
      expected: "the checkpoint of unit \(keeper.unit) of this run; without the file the unit "
        + "begins anew")
  }

  /// FNV-1a over the bits of numbers.
  private static func checksum(_ numbers: [Float]) -> UInt64 {
    numbers.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
  }
}
