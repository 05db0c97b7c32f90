public import Tensors

extension Tape {
  /// A tall matrix with orthonormal columns as a product of Householder reflections.
  ///
  ///     V = strictly lower triangle of original, with ones on the diagonal
  ///     Q = first columns of H₁ H₂ … Hᵣ,  Hⱼ = I − 2 vⱼ vⱼᵀ / |vⱼ|²
  ///     y = base · Q · diag(s),  s the whole part of original's diagonal
  ///
  /// With H₁ … Hᵣ = I − V T Vᵀ, M = T⁻¹ the upper triangle of S = Vᵀ V with half its diagonal, V₁ the
  /// first r rows of V, P = V T, and h = ∂L/∂Q = baseᵀ g diag(s):
  ///
  ///     ∂L/∂P  = −h V₁        ∂L/∂V₁ = −hᵀ P        ∂L/∂T = Vᵀ ∂L/∂P
  ///     ∂L/∂M  = −Tᵀ (∂L/∂T) Tᵀ, its upper triangle with half the diagonal being ∂L/∂S
  ///     ∂L/∂V  = (∂L/∂P) Tᵀ + V (∂L/∂S + ∂L/∂Sᵀ) + [∂L/∂V₁; 0]
  ///
  /// of which original takes the strictly lower triangle. The costs are O(d r²) and one product
  /// with base each way.
  ///
  /// - Parameters:
  ///   - base: Orthogonal, `[d, d]`; a constant.
  ///   - original: `[d, r]` with r ≤ d. The diagonal, ±1, takes no gradient; what is above has no
  ///     effect.
  ///
  /// As PyTorch's `parametrizations.orthogonal` has it. The compact form is after Schreiber and Van
  /// Loan, 1989, <https://doi.org/10.1137/0910005>, T's inverse after Joffrain et al., 2006,
  /// <https://doi.org/10.1145/1141885.1141886>.
  public func orthogonalHouseholder(
    base: Tensor<Scalar>, original: Variable<Scalar>
  ) -> Variable<Scalar> {
    let (d, r) = (original.value.rows, original.value.width)
    precondition(
      base.shape == [d, d] && r <= d,
      "orthogonalHouseholder: base \(base.shape), original \(original.shape)")
    let vectors = original.value.lowerTriangle(diagonal: -1) + .identity(d, r)
    let reflections = Reflections(vectors: vectors)
    let top = vectors.rows(0..<r)
    let product = vectors.matrixProduct(reflections.factor)
    let columns = Tensor.identity(d, r) - product.matrixProduct(transposed: top)
    let signs = Tensor<Scalar>(
      [r], original.value.diagonal.elements.map { $0.rounded(.towardZero) })
    let y = base.matrixProduct(columns.multiplyingRows(by: signs))
    return record(y, from: [original]) { g in
      let t = reflections.factor
      let h = base.gram(with: g).multiplyingRows(by: signs)
      let dProduct = h.matrixProduct(top).scaled(by: -1)
      let dTop = h.gram(with: product).scaled(by: -1)
      let dFactor = vectors.gram(with: dProduct)
      let dInverse = t.gram(with: dFactor.matrixProduct(transposed: t)).scaled(by: -1)
      let half = Tensor<Scalar>.identity(r, r).scaled(by: -0.5, plus: 1)
      let dProducts = dInverse.upperTriangle() * half
      let dVectors =
        dProduct.matrixProduct(transposed: t)
        + vectors.matrixProduct(dProducts + dProducts.transposed())
        + .concatenated([dTop, Tensor(zeros: [d - r, r])])
      return [dVectors.lowerTriangle(diagonal: -1)]
    }
  }
}
