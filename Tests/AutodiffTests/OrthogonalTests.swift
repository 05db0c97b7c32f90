import Autodiff
import Foundation
import Tensors
import Testing
import _TestSupport

@Suite struct `Orthogonal weights` {
  private static func draws<T: Real>(_ shape: [Int], seed: UInt64 = 51) -> Tensor<T> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  private static func orthogonal<T: Real>(_ n: Int) -> Tensor<T> {
    var random = SeededRandom(seed: 52)
    return .orthogonal(rows: n, columns: n, using: &random)
  }

  /// The largest difference of the columns' products from those of an orthonormal basis.
  private static func departure<T: Real>(_ q: Tensor<T>) -> T {
    let difference = q.gram(with: q) - .identity(q.width, q.width)
    return difference.elements.map(\.magnitude).max() ?? 0
  }

  @Test func `the square map gives the published values`() {
    let original = Tensor<Float>([3, 3], [-1, 9, 9, 0.5, -1, 9, 0.25, 0.75, -1])
    let q = Tape<Float>().orthogonalExponential(
      base: .identity(3, 3), original: Variable(original)
    ).value
    let expected: [Float] = [
      0.8548, -0.5173, -0.0409, 0.3431, 0.6225, -0.7034, 0.3893, 0.5872, 0.7096,
    ]
    #expect(Tolerance(absolute: 5e-5, relative: 0).disagreement(q.elements, expected) == nil)
  }

  @Test func `the tall map gives the published values`() {
    let original = Tensor<Float>([3, 2], [-1, 0, 0.5, -1, 0.25, 0.75])
    let q = Tape<Float>().orthogonalHouseholder(
      base: .identity(3, 3), original: Variable(original)
    ).value
    let expected: [Float] = [0.5238, -0.5790, 0.7619, -0.0095, 0.3810, 0.8152]
    #expect(Tolerance(absolute: 5e-5, relative: 0).disagreement(q.elements, expected) == nil)
  }

  @Test(arguments: [0.01, 0.3, 1, 4, 20])
  func `gradients of the square map agree with central differences`(size: Double) {
    for n in [1, 2, 5] {
      let original = Self.draws([n, n]).scaled(by: size)
      expectGradient(at: [original], tolerance: Tolerance(absolute: 1e-7, relative: 1e-6)) {
        $0.orthogonalExponential(base: Self.orthogonal(n), original: $1[0])
      }
    }
    expectGradient(at: [Self.draws([4, 4]).scaled(by: Swift.min(size, 1))]) {
      $0.matrixExponential($1[0])
    }
  }

  @Test(arguments: [[1, 1], [3, 2], [5, 1], [6, 6], [7, 4]])
  func `gradients of the tall map agree with central differences`(shape: [Int]) {
    // The diagonal's whole part is a sign; between two whole numbers nothing depends on it.
    let diagonal = Tensor<Double>.identity(shape[0], shape[1]).scaled(by: -1.5)
    let original = Self.draws(shape).lowerTriangle(diagonal: -1) + diagonal
    expectGradient(at: [original]) {
      $0.orthogonalHouseholder(base: Self.orthogonal(shape[0]), original: $1[0])
    }
  }

  @Test func `the tall map is the product of its reflections written out`() {
    let (n, r) = (6, 3)
    let original: Tensor<Double> = Self.draws([n, r])
    var product = Tensor<Double>.identity(n, n)
    for j in 0..<r {
      let v = (0..<n).map { $0 < j ? 0 : $0 == j ? 1 : original[$0, j] }
      let tau = 2 / v.reduce(0) { $0 + $1 * $1 }
      let outer = (0..<n * n).map { v[$0 / n] * v[$0 % n] * tau }
      product = product.matrixProduct(.identity(n, n) - Tensor([n, n], outer))
    }
    let signs = Tensor<Double>([r], (0..<r).map { original[$0, $0].rounded(.towardZero) })
    let expected = product.columns(0..<r).multiplyingRows(by: signs)
    let found = Tape<Double>().orthogonalHouseholder(
      base: .identity(n, n), original: Variable(original)
    ).value
    let tolerance = Tolerance(absolute: 1e-14, relative: 1e-13)
    #expect(tolerance.disagreement(found.elements, expected.elements) == nil)
  }

  @Test(arguments: [0.001, 0.5, 2.5, 30])
  func `the exponential agrees with the power series in double precision`(size: Double) {
    // exp(x) by many halvings and a short series, whose rounding is far below float32's.
    let x = Self.draws([5, 5]).scaled(by: size / 5) as Tensor<Double>
    var sum = Tensor<Double>.identity(5, 5)
    var term = sum
    let small = x.scaled(by: 0x1p-12)
    for k in 1...12 {
      term = term.matrixProduct(small).scaled(by: 1 / Double(k))
      sum = sum + term
    }
    for _ in 0..<12 { sum = sum.matrixProduct(sum) }
    let double = Tape<Double>().matrixExponential(Variable(x)).value
    let largest = sum.elements.map(\.magnitude).max() ?? 0
    #expect(
      Tolerance(absolute: 1e-11 * largest, relative: 0)
        .disagreement(double.elements, sum.elements) == nil)
    let float = Tape<Float>().matrixExponential(
      Variable(Tensor<Float>([5, 5], x.elements.map(Float.init))))
    #expect(
      Tolerance(absolute: 2e-5 * largest, relative: 0)
        .disagreement(float.value.elements, sum.elements.map(Float.init)) == nil)
  }

  @Test func `an exponential of what is not finite is not finite`() {
    for bad in [Float.nan, .infinity, 1e30] {
      let x = Variable(Tensor<Float>([2, 2], [0, bad, -bad, 0]))
      let y = Tape<Float>().matrixExponential(x).value
      #expect(y.elements.contains { !$0.isFinite })
    }
  }

  @Test(arguments: [[1, 1], [8, 8], [33, 33], [70, 70], [40, 3], [100, 65], [5, 0]])
  func `a random weight has orthonormal columns and starts as its base's first`(shape: [Int]) {
    var random = SeededRandom(seed: 53)
    let made = OrthogonalWeight<Float>(rows: shape[0], columns: shape[1], using: &random)
    #expect(made.base.shape == [shape[0], shape[0]])
    #expect(made.original.shape == shape)
    #expect(Self.departure(made.base) < 2e-6)
    #expect(Self.departure(made.weight) < 2e-6)
    let first = made.base.columns(0..<shape[1])
    let tolerance = Tolerance(absolute: 1e-6, relative: 0)
    #expect(tolerance.disagreement(made.weight.elements, first.elements) == nil)
  }

  @Test func `orthonormal columns span what the first columns span, on their side`() {
    let a: Tensor<Double> = Self.draws([50, 40])
    let r = a.orthonormalized().gram(with: a)
    for i in 0..<40 {
      #expect(r[i, i] > 0)
      for j in 0..<i { #expect(abs(r[i, j]) < 1e-12) }
    }
  }

  @Test func `a weight that is given is kept, and what is not orthogonal is made so`() {
    var random = SeededRandom(seed: 54)
    let square: Tensor<Float> = Self.orthogonal(9)
    #expect(OrthogonalWeight(weight: square, using: &random).weight.elements == square.elements)
    let tall = square.columns(0..<4)
    let kept = OrthogonalWeight(weight: tall, using: &random)
    let tolerance = Tolerance(absolute: 1e-6, relative: 0)
    #expect(tolerance.disagreement(kept.weight.elements, tall.elements) == nil)
    let skewed = OrthogonalWeight<Float>(weight: Self.draws([6, 6]), using: &random)
    #expect(Self.departure(skewed.weight) < 2e-6)
  }

  @Test func `a trained weight stays orthonormal`() {
    var random = SeededRandom(seed: 55)
    for columns in [12, 5] {
      let made = OrthogonalWeight<Float>(rows: 12, columns: columns, using: &random)
      let moved =
        made.original + Self.draws([12, columns]).scaled(by: 0.7).lowerTriangle(diagonal: -1)
      let turned = OrthogonalWeight(base: made.base, original: moved).weight
      #expect(Self.departure(turned) < 1e-5)
      #expect(
        Tolerance(absolute: 0.1, relative: 0)
          .disagreement(turned.elements, made.weight.elements) != nil)
    }
  }
}
