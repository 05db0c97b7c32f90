public import Tensors

extension Tape {
  /// The pieces of x; their gradients are added back where one was taken twice.
  public func gather(_ x: Variable<Scalar>, _ pieces: Pieces) -> Variable<Scalar> {
    record(x.value.gathered(pieces), from: [x]) { g in [.added(g, at: pieces)] }
  }

  /// A copy of x with pieces replaced by `values`. Where pieces overlap the last one stays, and it
  /// alone has a gradient there.
  public func replace(
    _ x: Variable<Scalar>, _ pieces: Pieces, with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    record(x.value.replacing(pieces, with: values.value), from: [x, values]) { g in
      let (rest, parts) = g.taken(pieces)
      return [rest, parts.reshaped(values.shape)]
    }
  }

  /// The columns of the given numbers, `[rows, indices.count]`.
  public func gatherColumns(_ x: Variable<Scalar>, _ indices: [Int]) -> Variable<Scalar> {
    gather(x, .columns(indices, of: x.shape))
  }

  /// For each row columns of its own, as many for each: `[rows, columns]`.
  public func gatherColumns(_ x: Variable<Scalar>, perRow indices: [[Int]]) -> Variable<Scalar> {
    gather(x, .columns(perRow: indices, of: x.shape))
  }

  /// A copy of x with the columns of the given numbers replaced.
  public func replaceColumns(
    _ x: Variable<Scalar>, _ indices: [Int], with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    replace(x, .columns(indices, of: x.shape), with: values)
  }

  /// A copy of x with each row's own columns replaced.
  public func replaceColumns(
    _ x: Variable<Scalar>, perRow indices: [[Int]], with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    replace(x, .columns(perRow: indices, of: x.shape), with: values)
  }

  /// Blocks of one width, each within a row, as rows: `[places.count, width]`.
  public func gatherBlocks(
    _ x: Variable<Scalar>, at places: [BlockPlace], width: Int
  ) -> Variable<Scalar> {
    gather(x, .blocks(places, width: width, of: x.shape))
  }

  /// A copy of x with blocks of one width replaced by the rows of `values`.
  public func replaceBlocks(
    _ x: Variable<Scalar>, at places: [BlockPlace], width: Int, with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    replace(x, .blocks(places, width: width, of: x.shape), with: values)
  }
}
