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

  /// A query of the batch.
  public struct Query: Sendable, Equatable {
    /// Its row among the queries' rows.
    public let row: Int
    /// The sequence whose keys it sees.
    public let sequence: Int
    /// Where it stands in its sequence; what distances of keys are counted from.
    public let position: Int
    /// The keys that it sees, as positions of the sequence.
    public let keys: Range<Int>

    public init(row: Int, sequence: Int, position: Int, keys: Range<Int>) {
      (self.row, self.sequence, self.position, self.keys) = (row, sequence, position, keys)
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
  private let queryFirst: [Int32]
  private let queryKeys: [Int32]
  private let queryPosition: [Int32]
  private let pieceStarts: [Int32]
  private let pieceRow: [Int32]
  private let pieceRows: [Int32]
  private let pieceOwn: [UInt8]

  /// - Parameters:
  ///   - sequences: The pieces of each sequence.
  public init(
    heads: Int, keyHeads: Int, headWidth: Int, sequences: [[Piece]],
    queries: [Query]
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
      precondition(
        query.keys.upperBound <= lengths[query.sequence], "a query sees keys that are not there")
    }
    keyCapacity = lengths.max() ?? 0
    (pieceStarts, pieceRow, pieceRows, pieceOwn) = (starts, row, rows, own)
    queryRows = queries.map { Int32($0.row) }
    querySequences = queries.map { Int32($0.sequence) }
    queryFirst = queries.map { Int32($0.keys.lowerBound) }
    queryKeys = queries.map { Int32($0.keys.upperBound) }
    queryPosition = queries.map { Int32($0.position) }
  }

  /// The number of queries.
  public var queryCount: Int { queryRows.count }
  /// The farthest that a key may lie from a query, before or after it.
  public var reach: Int { keyCapacity + Int(queryPosition.max() ?? 0) }
  /// The elements of one row of attention weights: a head's keys side by side, head by head.
  public var weightWidth: Int { heads * keyCapacity }

  func withKernelLayout(_ body: (UnsafePointer<ck_attention_layout>) -> Void) {
    var layout = ck_attention_layout()
    layout.queries = Int32(queryRows.count)
    layout.heads = Int32(heads)
    layout.key_heads = Int32(keyHeads)
    layout.head_width = Int32(headWidth)
    layout.key_capacity = Int32(keyCapacity)
    let lists = [
      queryRows, querySequences, queryFirst, queryKeys, queryPosition, pieceStarts, pieceRow,
      pieceRows,
    ]
    withPointers(lists[...], []) { pointers in
      pieceOwn.withUnsafeBufferPointer { own in
        layout.query_row = pointers[0]
        layout.query_sequence = pointers[1]
        layout.query_first = pointers[2]
        layout.query_keys = pointers[3]
        layout.query_position = pointers[4]
        layout.piece_start = pointers[5]
        layout.piece_row = pointers[6]
        layout.piece_rows = pointers[7]
        layout.piece_own = own.baseAddress
        body(&layout)
      }
    }
  }

  /// Calls `body` with the addresses of all lists, which hold while it runs.
  private func withPointers(
    _ lists: ArraySlice<[Int32]>, _ found: [UnsafePointer<Int32>?],
    _ body: ([UnsafePointer<Int32>?]) -> Void
  ) {
    guard let first = lists.first else { return body(found) }
    first.withUnsafeBufferPointer {
      withPointers(lists.dropFirst(), found + [$0.baseAddress], body)
    }
  }
}
