internal import CKernels

/// Which keys each query of a packed batch sees.
///
/// A sequence's keys lie in pieces, in the order of positions: rows of a prefix that other runs
/// made, then rows of the batch itself.
public struct AttentionLayout: Sendable {
  /// Consecutive rows of one sequence's keys and values.
  public struct Piece: Sendable, Equatable {
    /// Whether the rows are the batch's own; otherwise they are the prefix's.
    public let own: Bool
    /// Rows of the batch or of the prefix.
    public let rows: Range<Int>

    /// Rows of the batch, if `own`, or of the prefix.
    public init(own: Bool, rows: Range<Int>) {
      self.own = own
      self.rows = rows
    }
  }

  /// The number of query heads.
  public let heads: Int
  /// The number of heads of keys and values, which divides that of the queries.
  public let keyHeads: Int
  /// The elements of one head's query, key or value.
  public let headWidth: Int
  /// Keys that a row of the weights has room for: the longest sequence's.
  public let keyCapacity: Int
  private let queryRows: [Int32]
  private let querySequences: [Int32]
  private let queryKeys: [Int32]
  private let pieceStarts: [Int32]
  private let pieceRow: [Int32]
  private let pieceRows: [Int32]
  private let pieceOwn: [UInt8]

  /// - Parameters:
  ///   - sequences: The pieces of each sequence.
  ///   - queries: For each query its row in the batch, its sequence, and how many of the
  ///     sequence's keys it sees.
  public init(
    heads: Int, keyHeads: Int, headWidth: Int, sequences: [[Piece]],
    queries: [(row: Int, sequence: Int, keys: Int)]
  ) {
    precondition(heads % keyHeads == 0, "\(heads) heads over \(keyHeads) key heads")
    self.heads = heads
    self.keyHeads = keyHeads
    self.headWidth = headWidth
    var starts: [Int32] = [0]
    var row: [Int32] = []
    var rows: [Int32] = []
    var own: [UInt8] = []
    var lengths: [Int] = []
    for pieces in sequences {
      for piece in pieces {
        row.append(Int32(piece.rows.lowerBound))
        rows.append(Int32(piece.rows.count))
        own.append(piece.own ? 1 : 0)
      }
      starts.append(Int32(row.count))
      lengths.append(pieces.reduce(0) { $0 + $1.rows.count })
    }
    for query in queries {
      precondition(query.keys <= lengths[query.sequence], "a query sees keys that are not there")
    }
    keyCapacity = lengths.max() ?? 0
    (pieceStarts, pieceRow, pieceRows, pieceOwn) = (starts, row, rows, own)
    queryRows = queries.map { Int32($0.row) }
    querySequences = queries.map { Int32($0.sequence) }
    queryKeys = queries.map { Int32($0.keys) }
  }

  /// The number of queries.
  public var queryCount: Int { queryRows.count }
  /// The elements of one row of attention weights: a head's keys side by side, head by head.
  public var weightWidth: Int { heads * keyCapacity }

  func withKernelLayout(_ body: (UnsafePointer<ck_attention_layout>) -> Void) {
    var layout = ck_attention_layout()
    layout.queries = Int32(queryRows.count)
    layout.heads = Int32(heads)
    layout.key_heads = Int32(keyHeads)
    layout.head_width = Int32(headWidth)
    layout.key_capacity = Int32(keyCapacity)
    queryRows.withUnsafeBufferPointer { a in
      querySequences.withUnsafeBufferPointer { b in
        queryKeys.withUnsafeBufferPointer { c in
          pieceStarts.withUnsafeBufferPointer { d in
            pieceRow.withUnsafeBufferPointer { e in
              pieceRows.withUnsafeBufferPointer { f in
                pieceOwn.withUnsafeBufferPointer { g in
                  layout.query_row = a.baseAddress
                  layout.query_sequence = b.baseAddress
                  layout.query_keys = c.baseAddress
                  layout.piece_start = d.baseAddress
                  layout.piece_row = e.baseAddress
                  layout.piece_rows = f.baseAddress
                  layout.piece_own = g.baseAddress
                  body(&layout)
                }
              }
            }
          }
        }
      }
    }
  }
}
