internal import Tensors

extension Batch {
  /// Which keys the given rows see.
  ///
  /// - Parameter queries: Rows that ask; with a subset of them the queries' own rows are packed, and
  ///   query i is row i.
  func attention(_ shape: AttentionShape, queries: [Int]? = nil) -> AttentionLayout {
    let pieces = sequences.map { sequence in
      sequence.prefix.map { AttentionLayout.Piece(own: false, rows: $0) }
        + [AttentionLayout.Piece(own: true, rows: sequence.rows)]
    }
    let rows = queries ?? Array(0..<rowCount)
    return AttentionLayout(
      heads: shape.heads, keyHeads: shape.keyHeads, headWidth: shape.headWidth, sequences: pieces,
      queries: rows.enumerated().map { index, row in
        let sequence = Int(sequenceOfRow[row])
        let position = Int(positions[row])
        return AttentionLayout.Query(
          row: index, sequence: sequence, position: position,
          keys: shape.keys(of: position, length: sequences[sequence].length))
      })
  }
}
