internal import Autodiff
internal import Inputs
public import Tensors

extension SavedRepresentation {
  /// The directions that the intervention exchanges, as orthonormal rows `[directions, width]`; nil for
  /// a type that exchanges no fixed subspace.
  ///
  /// Of a rotated space those are its first `interchange_dim` columns, of a low-rank one all of them.
  public var subspace: Tensor<Float>? {
    func tensor(_ name: String) -> Tensor<Float>? {
      guard let saved = state[name], case .floats(let values) = saved.values else { return nil }
      return Tensor(saved.shape, values)
    }
    guard [.rotatedSpace, .lowRankRotatedSpace].contains(interventionType),
      let base = tensor(OrthogonalWeight<Float>.baseName),
      let original = tensor(OrthogonalWeight<Float>.originalName),
      base.shape == [original.rows, original.rows], original.width <= original.rows
    else { return nil }
    let weight = OrthogonalWeight(base: base, original: original)
      .weight(from: Variable(original), on: Tape()).value
    var columns = Array(0..<weight.width)
    switch interchangeDimensions {
    case .first(let count): columns = Array(columns.prefix(count))
    case .listed(let list): columns = list.filter(columns.contains)
    case nil: break
    }
    guard !columns.isEmpty else { return nil }
    return Tensor(
      [columns.count, weight.rows],
      columns.flatMap { column in (0..<weight.rows).map { weight[$0, column] } })
  }
}
