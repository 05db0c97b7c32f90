internal import CKernels

/// Where a width of elements begins in a matrix: a head's part of a row, for example.
public struct BlockPlace: Sendable, Hashable {
  /// The row of the matrix.
  public let row: Int
  /// The first of the block's columns.
  public let column: Int

  /// A place that is not yet checked against a matrix.
  public init(row: Int, column: Int) {
    self.row = row
    self.column = column
  }
}

/// Parts of a matrix's rows, of one width, that are taken out or put back together.
public struct Pieces: Sendable, Equatable {
  /// The shape of the matrix that the pieces are taken from.
  public let whole: [Int]
  /// The shape of the pieces when they are taken out.
  public let parts: [Int]
  private let rows: Int
  private let stride: Int
  private let step: Int
  private let width: Int
  private let offsets: [Int]

  private var piecesInRow: Int { step == 0 ? offsets.count : step }

  /// Columns of the given numbers, the same for every row: `[rows, indices.count]`.
  public static func columns(_ indices: [Int], of whole: [Int]) -> Pieces {
    let (rows, width) = size(whole)
    check(indices, below: width, "column")
    return Pieces(
      whole: whole, parts: [rows, indices.count], rows: rows, stride: width, step: 0, width: 1,
      offsets: indices)
  }

  /// For each row columns of its own, as many for each: `[rows, columns]`.
  public static func columns(perRow indices: [[Int]], of whole: [Int]) -> Pieces {
    let (rows, width) = size(whole)
    let count = indices.first?.count ?? 0
    precondition(indices.count == rows, "columns for \(indices.count) rows of \(whole)")
    precondition(indices.allSatisfy { $0.count == count }, "as many columns for each row")
    let offsets = indices.flatMap(\.self)
    check(offsets, below: width, "column")
    return Pieces(
      whole: whole, parts: [rows, count], rows: count == 0 ? 0 : rows, stride: width, step: count,
      width: 1, offsets: offsets)
  }

  /// Whole rows of the given numbers: `[indices.count] + the other axes`.
  public static func rows(_ indices: [Int], of whole: [Int]) -> Pieces {
    let (rows, width) = size(whole)
    check(indices, below: rows, "row")
    return Pieces(
      whole: whole, parts: [indices.count] + whole.dropFirst(), rows: 1, stride: 0, step: 0,
      width: width, offsets: indices.map { $0 * width })
  }

  /// Blocks of one width, each within a row: `[places.count, width]`.
  public static func blocks(_ places: [BlockPlace], width: Int, of whole: [Int]) -> Pieces {
    let (rows, stride) = size(whole)
    precondition(width >= 0 && width <= stride, "blocks of \(width) in \(whole)")
    let offsets = places.map { place in
      precondition(
        place.row >= 0 && place.row < rows && place.column >= 0 && place.column <= stride - width,
        "a block of \(width) at (\(place.row), \(place.column)) of \(whole)")
      return place.row * stride + place.column
    }
    return Pieces(
      whole: whole, parts: [places.count, width], rows: 1, stride: 0, step: 0, width: width,
      offsets: offsets)
  }

  private static func size(_ shape: [Int]) -> (rows: Int, width: Int) {
    (shape.first ?? 1, shape.dropFirst().reduce(1, *))
  }

  private static func check(_ indices: [Int], below limit: Int, _ what: String) {
    for index in indices {
      precondition(index >= 0 && index < limit, "\(what) \(index) of \(limit)")
    }
  }

  func withKernelPieces(_ body: (UnsafePointer<ck_pieces>) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      var pieces = ck_pieces(
        rows: rows, stride: stride, count: piecesInRow, step: step, width: width,
        offsets: offsets.baseAddress)
      body(&pieces)
    }
  }
}

extension Tensor {
  /// The pieces, side by side.
  public func gathered(_ pieces: Pieces) -> Tensor {
    precondition(pieces.whole == shape, "pieces of \(pieces.whole) taken from \(shape)")
    return Tensor(pieces.parts) { Scalar.gather(pieces, unsafePointer, $0) }
  }

  /// A copy with the pieces replaced; where pieces overlap, the last one stays.
  public func replacing(_ pieces: Pieces, with parts: Tensor) -> Tensor {
    precondition(pieces.whole == shape, "pieces of \(pieces.whole) put into \(shape)")
    precondition(
      parts.count == pieces.parts.reduce(1, *), "\(parts.shape) for pieces of \(pieces.parts)")
    return Tensor(shape) { to in
      to.update(from: unsafePointer, count: count)
      Scalar.scatter(pieces, parts.unsafePointer, to)
    }
  }

  /// Zeros with the parts added where their pieces lie: the transpose of `gathered`.
  public static func added(_ parts: Tensor, at pieces: Pieces) -> Tensor {
    precondition(
      parts.count == pieces.parts.reduce(1, *), "\(parts.shape) for pieces of \(pieces.parts)")
    return Tensor(pieces.whole) { to in
      to.update(repeating: 0, count: pieces.whole.reduce(1, *))
      Scalar.accumulate(pieces, parts.unsafePointer, to)
    }
  }

  /// What `replacing` passes on from the whole and from the parts: its transpose.
  public func taken(_ pieces: Pieces) -> (rest: Tensor, parts: Tensor) {
    precondition(pieces.whole == shape, "pieces of \(pieces.whole) taken from \(shape)")
    var rest = self
    let parts = Tensor(pieces.parts) { parts in
      rest = Tensor(shape) { to in
        to.update(from: unsafePointer, count: count)
        Scalar.take(pieces, to, parts)
      }
    }
    return (rest, parts)
  }
}
