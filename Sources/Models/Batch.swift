internal import Tensors

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

    public var firstPosition: Int { prefix.reduce(0) { $0 + $1.count } }
    public var length: Int { firstPosition + rows.count }
  }

  public let sequences: [Sequence]
  /// The position of each row in its sequence.
  public let positions: [Int32]
  /// The sequence of each row.
  public let sequenceOfRow: [Int32]

  public var rowCount: Int { positions.count }
  /// The length of the longest sequence, with what it continues.
  public let longest: Int

  /// - Parameter sequences: The number of rows of each sequence and what it continues.
  public init(_ sequences: [(count: Int, prefix: [Range<Int>])]) {
    var placed: [Sequence] = []
    var positions: [Int32] = []
    var owners: [Int32] = []
    for (index, (count, prefix)) in sequences.enumerated() {
      let sequence = Sequence(
        rows: positions.count..<positions.count + count, prefix: prefix.filter { !$0.isEmpty })
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
  public init(lengths: [Int]) { self.init(lengths.map { ($0, []) }) }

  /// The row of a position of a sequence; the position must be the batch's own.
  public func row(sequence: Int, position: Int) -> Int {
    let sequence = sequences[sequence]
    precondition(
      position >= sequence.firstPosition && position < sequence.length,
      "position \(position) of rows \(sequence.rows) from \(sequence.firstPosition) on")
    return sequence.rows.lowerBound + position - sequence.firstPosition
  }

  /// Which keys the given rows see, by causality.
  func attention(_ shape: DecoderShape, queries: [Int]?) -> AttentionLayout {
    attention(
      heads: shape.heads, keyHeads: shape.keyHeads, headWidth: shape.headWidth, queries: queries)
  }

  func attention(
    heads: Int, keyHeads: Int, headWidth: Int, queries: [Int]? = nil
  ) -> AttentionLayout {
    let pieces = sequences.map { sequence in
      sequence.prefix.map { AttentionLayout.Piece(own: false, rows: $0) }
        + [AttentionLayout.Piece(own: true, rows: sequence.rows)]
    }
    // With a subset of queries the queries' own rows are packed: query i is row i.
    let rows = queries ?? Array(0..<rowCount)
    return AttentionLayout(
      heads: heads, keyHeads: keyHeads, headWidth: headWidth, sequences: pieces,
      queries: rows.enumerated().map { index, row in
        (row: index, sequence: Int(sequenceOfRow[row]), keys: Int(positions[row]) + 1)
      })
  }
}
