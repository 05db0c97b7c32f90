/// A product of Householder reflections, H₁ H₂ … Hₙ with H = I − τ v vᵀ, in the compact form
/// I − V T Vᵀ.
///
/// Schreiber and Van Loan, 1989, <https://doi.org/10.1137/0910005>.
public struct Reflections<Scalar: Real>: Sendable {
  /// V: the vectors as columns, `[rows, count]`.
  public let vectors: Tensor<Scalar>
  /// T: upper triangular, `[count, count]`.
  public let factor: Tensor<Scalar>

  /// - Parameter tau: One for each; a reflection whose τ is zero is the identity.
  public init(vectors: Tensor<Scalar>, tau: Tensor<Scalar>) {
    self.init(vectors: vectors, products: vectors.gram(with: vectors), tau: tau)
  }

  /// True reflections, for which τ = 2 / |v|². No vector is zero.
  public init(vectors: Tensor<Scalar>) {
    let products = vectors.gram(with: vectors)
    let lengths = products.diagonal
    let tau = Tensor(repeating: 2, lengths.shape) / lengths
    self.init(vectors: vectors, products: products, tau: tau)
  }

  private init(vectors: Tensor<Scalar>, products: Tensor<Scalar>, tau: Tensor<Scalar>) {
    precondition(tau.count == vectors.width, "\(tau.shape) factors for \(vectors.shape)")
    self.vectors = vectors
    factor = Tensor([vectors.width, vectors.width]) {
      Scalar.reflectionFactor(
        vectors.width, products: products.unsafePointer, tau.unsafePointer, $0)
    }
  }

  /// `H₁ H₂ … Hₙ x`.
  public func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    x - vectors.matrixProduct(factor.matrixProduct(vectors.gram(with: x)))
  }

  /// `Hₙ … H₂ H₁ x`.
  public func reversed(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    x - vectors.matrixProduct(factor.gram(with: vectors.gram(with: x)))
  }
}
