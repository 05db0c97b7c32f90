/// Sequences of tokens packed below each other, without padding.
///
/// A sequence may continue others: its first positions are then rows of a prefix, whose keys and
/// values some earlier run kept.
public struct Batch: Sendable {
  public struct Sequence: Sendable {
    /// The sequence's rows in the batch: its positions from `firstPosition` on.
    public let rows: Range<Int>
    /// Rows of the prefix that stand for the positions before, in order.
    public let prefix: [Range<Int>]
    /// Positions of the sequence, with those after its rows; some rotary angles depend on them.
    public let whole: Int

    public var firstPosition: Int { prefix.reduce(0) { $0 + $1.count } }
    public var length: Int { firstPosition + rows.count }
  }

  public let sequences: [Sequence]
  /// The position of each row in its sequence.
  public let positions: [Int32]
  /// The sequence of each row.
  public let sequenceOfRow: [Int32]

  /// The kind of segment of each row, where a model tells kinds apart; nil: all of kind 0.
  public var segments: [Int]?
  /// The row of the position embedding of each row, where it does not go by position alone.
  public var embeddedPositions: [Int]?

  public var rowCount: Int { positions.count }
  /// The length of the longest sequence, with what it continues.
  public let longest: Int

  /// - Parameters:
  ///   - sequences: The number of rows of each sequence and what it continues.
  ///   - wholes: The length of each sequence, where some end after their rows; nil: none does.
  public init(_ sequences: [(count: Int, prefix: [Range<Int>])], wholes: [Int]? = nil) {
    var placed: [Sequence] = []
    var positions: [Int32] = []
    var owners: [Int32] = []
    for (index, (count, prefix)) in sequences.enumerated() {
      let length = prefix.reduce(count) { $0 + $1.count }
      let whole = wholes.map { $0[index] } ?? length
      precondition(whole >= length, "\(length) positions of a sequence of \(whole)")
      let sequence = Sequence(
        rows: positions.count..<positions.count + count, prefix: prefix.filter { !$0.isEmpty },
        whole: whole)
      for i in 0..<count { positions.append(Int32(sequence.firstPosition + i)) }
      owners.append(contentsOf: repeatElement(Int32(index), count: count))
      placed.append(sequence)
    }
    self.sequences = placed
    self.positions = positions
    sequenceOfRow = owners
    longest = placed.map(\.length).max() ?? 0
  }

  /// Sequences that continue nothing.
  ///
  /// - Parameter wholes: The length of each, where some end after their rows; nil: none does.
  public init(lengths: [Int], wholes: [Int]? = nil) {
    self.init(lengths.map { ($0, []) }, wholes: wholes)
  }

  /// The row of a position of a sequence; the position must be the batch's own.
  public func row(sequence: Int, position: Int) -> Int {
    let sequence = sequences[sequence]
    precondition(
      position >= sequence.firstPosition && position < sequence.length,
      "position \(position) of rows \(sequence.rows) from \(sequence.firstPosition) on")
    return sequence.rows.lowerBound + position - sequence.firstPosition
  }
}
