internal import Foundation
internal import Tensors

extension Tape {
  /// The exponential of a square matrix, by scaling, a Taylor polynomial of degree 16 and squaring.
  ///
  ///     exp(a) = p(a / 2ˢ)^(2ˢ),  p(x) = Σ xᵏ / k!, k ≤ 16
  ///
  /// s follows from the sizes of a³ and a⁴, which bound what the polynomial leaves out. Six products
  /// and s squarings; each is recorded, so the gradient costs twice as many.
  ///
  /// Paterson and Stockmeyer, 1973, <https://doi.org/10.1137/0202007>; Al-Mohy and Higham, 2009,
  /// <https://doi.org/10.1137/09074721X>, section 4, for s.
  public func matrixExponential(_ a: Variable<Scalar>) -> Variable<Scalar> {
    precondition(a.shape.count == 2 && a.shape[0] == a.shape[1], "the exponential of \(a.shape)")
    let a2 = matrixProduct(a, a)
    var powers = [a, a2, matrixProduct(a2, a), matrixProduct(a2, a2)]
    let halvings = halvings(cube: powers[2].value, fourth: powers[3].value)
    if halvings > 0 {
      for k in 1...4 {
        powers[k - 1] = scale(
          powers[k - 1],
          by: Scalar(sign: .plus, exponent: Scalar.Exponent(-k * halvings), significand: 1))
      }
    }
    var coefficients: [Scalar] = [1]  // 1 / k!
    for k in 1...16 { coefficients.append(coefficients[k - 1] / Scalar(k)) }

    var sum = polynomial(
      coefficients[12..<16], powers, plus: scale(powers[3], by: coefficients[16]))
    for k in [8, 4, 0] {
      sum = polynomial(coefficients[k..<k + 4], powers, plus: matrixProduct(sum, powers[3]))
    }
    for _ in 0..<halvings { sum = matrixProduct(sum, sum) }
    return sum
  }

  /// How often the matrix is halved: until what the polynomial leaves out is below rounding.
  private func halvings(cube: Tensor<Scalar>, fourth: Tensor<Scalar>) -> Int {
    func norm(_ x: Tensor<Scalar>) -> Double {
      Double(Scalar.dot(x.unsafePointer, x.unsafePointer, x.count)).squareRoot()
    }
    let size = Swift.max(cbrt(norm(cube)), norm(fourth).squareRoot().squareRoot())
    let limit = MemoryLayout<Scalar>.size == 4 ? 2.4 : 0.8  // xⁱ / i! at i = 17 is the rounding
    guard size.isFinite, size > limit else { return 0 }
    return Int((size / limit).exponent) + 1
  }

  /// `c₀ I + c₁ x₁ + c₂ x₂ + c₃ x₃ + rest`.
  private func polynomial(
    _ c: ArraySlice<Scalar>, _ powers: [Variable<Scalar>], plus rest: Variable<Scalar>
  ) -> Variable<Scalar> {
    let c = Array(c)
    let n = rest.shape[0]
    let sum = Tensor(rest.shape) { to in
      to.update(from: rest.value.unsafePointer, count: n * n)
      for k in 1...3 { Scalar.accumulate(c[k], powers[k - 1].value.unsafePointer, to, n * n) }
      for i in 0..<n { to[i * n + i] += c[0] }
    }
    return record(sum, from: Array(powers.prefix(3)) + [rest]) { g in
      (1...3).map { g.scaled(by: c[$0]) } + [g]
    }
  }
}
