public import Tensors

/// A matrix with orthonormal columns that can be trained: a base and what turns it.
///
/// The two tensors are those that PyTorch's `parametrizations.orthogonal` stores; only `original`
/// is trained. Weight decay on it would destroy the diagonal's signs.
public struct OrthogonalWeight<Scalar: Real>: Sendable {
  /// Orthogonal, `[d, d]`.
  public let base: Tensor<Scalar>
  /// `[d, r]`: minus the identity at first.
  public let original: Tensor<Scalar>

  /// Both tensors as they were stored.
  public init(base: Tensor<Scalar>, original: Tensor<Scalar>) {
    precondition(
      base.shape == [original.rows, original.rows] && original.width <= original.rows,
      "an orthogonal weight of base \(base.shape), original \(original.shape)")
    self.base = base
    self.original = original
  }

  /// Starts from a weight, `[d, r]`, whose columns are made orthonormal if they are not.
  ///
  /// - Parameter random: Draws the d − r directions that complete the base. They have no influence
  ///   on the weight at first.
  public init(weight: Tensor<Scalar>, using random: inout some RandomNumberGenerator) {
    let (d, r) = (weight.rows, weight.width)
    if d == r {
      base = weight.hasOrthonormalColumns ? weight : weight.orthonormalized()
    } else {
      let others = Tensor<Scalar>.standardNormal([d, d - r], using: &random)
      base = Tensor.concatenatedColumns([weight, others]).orthonormalized()
    }
    original = Tensor.identity(d, r).scaled(by: -1)
  }

  /// Starts from a random matrix, `[d, r]`.
  public init(rows d: Int, columns r: Int, using random: inout some RandomNumberGenerator) {
    precondition(r <= d, "\(r) orthonormal columns of \(d) rows")
    self.init(weight: .orthogonal(rows: d, columns: r, using: &random), using: &random)
  }

  /// The matrix itself, `[d, r]`.
  public var weight: Tensor<Scalar> {
    weight(from: Variable(original), on: Tape()).value
  }

  /// The matrix that another value of `original` gives, with its gradient.
  public func weight(from original: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    original.value.rows == original.value.width
      ? tape.orthogonalExponential(base: base, original: original)
      : tape.orthogonalHouseholder(base: base, original: original)
  }
}

extension Tensor {
  /// Whether the columns' products are those of an orthonormal basis, up to rounding: within ten
  /// units of it for each row.
  fileprivate var hasOrthonormalColumns: Bool {
    let limit = 10 * Scalar(rows) * Scalar.ulpOfOne
    let difference = gram(with: self) - .identity(width, width)
    return difference.elements.allSatisfy { $0.magnitude <= limit }
  }
}
