internal import Randomness
package import Tensors

/// The leading eigenvectors of a symmetric matrix without negative eigenvalues, the largest
/// eigenvalue first.
///
/// By orthogonal iteration on a few vectors more than are wanted, then Jacobi rotations in their
/// span. Golub and Van Loan, 2013, sections 7.3.2 and 8.5.
package func leadingEigenvectors(of matrix: Tensor<Double>, count: Int) -> [[Double]] {
  let width = matrix.rows
  let block = min(width, count + 24)
  let start = Philox(key: 0).normals(width * block, 0, 0, 0).map(Double.init)
  var basis = Tensor([width, block], start).orthonormalized()
  for _ in 0..<100 { basis = matrix.matrixProduct(basis).orthonormalized() }
  let inner = basis.gram(with: matrix.matrixProduct(basis))
  let vectors = basis.matrixProduct(jacobiEigenvectors(of: inner)).transposed()
  return (0..<min(count, block)).map { vectors.rows($0..<$0 + 1).elements }
}

/// All eigenvectors of a small symmetric matrix, as columns, the largest eigenvalue first.
private func jacobiEigenvectors(of matrix: Tensor<Double>) -> Tensor<Double> {
  let n = matrix.rows
  var a = matrix.elements
  var v = Tensor<Double>.identity(n, n).elements
  for _ in 0..<30 {
    for p in 0..<n {
      for q in p + 1..<max(p + 1, n) where a[p * n + q] != 0 {
        let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for i in 0..<n {
          let (x, y) = (a[i * n + p], a[i * n + q])
          (a[i * n + p], a[i * n + q]) = (c * x - s * y, s * x + c * y)
        }
        for i in 0..<n {
          let (x, y) = (a[p * n + i], a[q * n + i])
          (a[p * n + i], a[q * n + i]) = (c * x - s * y, s * x + c * y)
          let (e, f) = (v[i * n + p], v[i * n + q])
          (v[i * n + p], v[i * n + q]) = (c * e - s * f, s * e + c * f)
        }
      }
    }
  }
  let order = (0..<n).sorted { a[$0 * n + $0] > a[$1 * n + $1] }
  return Tensor([n, n], (0..<n).flatMap { row in order.map { v[row * n + $0] } })
}
