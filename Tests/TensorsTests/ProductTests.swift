import Tensors
import Testing
import _TestSupport

@Suite struct `Products with packed matrices` {
  private static func draws<T: Real>(_ shape: [Int], seed: UInt64) -> Tensor<T> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  /// `x Wᵀ + b`, written out in double precision.
  private static func written<T: Real>(
    _ x: Tensor<T>, _ weight: Tensor<T>, _ bias: Tensor<T>?
  ) -> [T] {
    let (a, w, b) = (x.elements, weight.elements, bias?.elements)
    let (k, n) = (x.width, weight.rows)
    return (0..<x.rows * n).map { at in
      var sum = 0.0
      for i in 0..<k { sum += Double(a[at / n * k + i]) * Double(w[at % n * k + i]) }
      return T(sum + (b.map { Double($0[at % n]) } ?? 0))
    }
  }

  /// Rows, inputs, outputs: tiles of 14, 6 and 1 rows, blocks of 224 rows and 384 inputs, panels of
  /// 32 outputs, and what is left over of each.
  static let sizes = [
    [1, 1, 1], [1, 7, 33], [1, 400, 64], [2, 5, 31], [3, 33, 32], [6, 12, 65], [7, 384, 40],
    [14, 16, 32], [15, 385, 17], [29, 3, 70], [225, 9, 34], [230, 770, 33], [0, 4, 5], [4, 0, 5],
    [4, 5, 0],
  ]

  @Test(arguments: sizes)
  func `a product agrees with one written out`(size: [Int]) {
    func holds<T: Real>(_ type: T.Type, _ rounding: Double) {
      let x: Tensor<T> = Self.draws([size[0], size[1]], seed: 1)
      let weight: Tensor<T> = Self.draws([size[2], size[1]], seed: 2)
      let bias: Tensor<T> = Self.draws([size[2]], seed: 3)
      let packed = PackedMatrix(weight)
      let tolerance = Tolerance(absolute: rounding * Double(size[1] + 1).squareRoot(), relative: 0)
      let plain = packed.product(x)
      #expect(plain.shape == [size[0], size[2]])
      #expect(tolerance.disagreement(plain.elements, Self.written(x, weight, nil)) == nil)
      let shifted = packed.product(x, bias: bias)
      #expect(tolerance.disagreement(shifted.elements, Self.written(x, weight, bias)) == nil)
      #expect(x.matrixProduct(transposed: weight).elements == plain.elements)
      #expect(x.matrixProduct(weight.transposed()).elements == plain.elements)
      let gram = x.transposed().gram(with: weight.transposed())
      #expect(tolerance.disagreement(gram.elements, plain.elements) == nil)
    }
    holds(Float.self, 1e-5)
    holds(Double.self, 1e-14)
  }

  @Test(arguments: [[40, 100, 70], [300, 400, 33], [17, 800, 5]])
  func `a row has the same bits in any batch`(size: [Int]) {
    let x: Tensor<Float> = Self.draws([size[0], size[1]], seed: 4)
    let packed = PackedMatrix<Float>(Self.draws([size[2], size[1]], seed: 5))
    let bias: Tensor<Float> = Self.draws([size[2]], seed: 6)
    let whole = packed.product(x, bias: bias)
    for rows in [0..<1, 3..<4, size[0] - 1..<size[0], 0..<2, 2..<9, 1..<16] {
      let part = packed.product(x.rows(rows), bias: bias)
      #expect(part.elements == whole.rows(rows).elements, "rows \(rows)")
    }
  }

  @Test func `a packed matrix unpacks to what was packed`() {
    for shape in [[1, 1], [31, 5], [32, 3], [33, 7], [64, 2], [70, 0]] {
      let matrix: Tensor<Float> = Self.draws(shape, seed: 7)
      #expect(PackedMatrix(matrix).unpacked().elements == matrix.elements)
      let turned = PackedMatrix(matrix.transposed(), transposed: true)
      #expect(turned.unpacked().elements == matrix.elements)
      let last = PackedMatrix(matrix).rows([shape[0] - 1, 0])
      #expect(last.elements == matrix.gathered([shape[0] - 1, 0]).elements)
    }
  }

  @Test func `a frozen map gives the transposed product too`() {
    let weight: Tensor<Double> = Self.draws([5, 3], seed: 8)
    let map = FrozenLinear(PackedMatrix(weight))
    let g: Tensor<Double> = Self.draws([4, 5], seed: 9)
    #expect(map.transposedProduct(g).elements == g.matrixProduct(weight).elements)
    #expect(map.transposedProduct(g).elements == g.matrixProduct(weight).elements)
  }

  @Test(arguments: [0, 3, 13])
  func `what is not a number in an input reaches its row's results and no other's`(row: Int) {
    var elements = Self.draws([14, 40], seed: 10).elements as [Float]
    elements[row * 40 + 17] = .nan
    let y = PackedMatrix<Float>(Self.draws([50, 40], seed: 11)).product(Tensor([14, 40], elements))
    for r in 0..<14 {
      let isNaN = y.rows(r..<r + 1).elements.map(\.isNaN)
      #expect(isNaN == Array(repeating: r == row, count: 50))
    }
  }

  @Test func `a row of attention has the same bits alone and in a batch, prefix or own`() {
    let (heads, keyHeads, width, length) = (4, 2, 6, 9)
    let q: Tensor<Float> = Self.draws([length, heads * width], seed: 12)
    let keys: Tensor<Float> = Self.draws([length, keyHeads * width], seed: 13)
    let values: Tensor<Float> = Self.draws([length, keyHeads * width], seed: 14)
    func attended(
      _ pieces: [AttentionLayout.Piece], _ rows: Range<Int>, prefix: Int
    ) -> [Float] {
      let layout = AttentionLayout(
        heads: heads, keyHeads: keyHeads, headWidth: width, sequences: [pieces],
        queries: rows.map {
          .init(row: $0 - rows.lowerBound, sequence: 0, position: $0, keys: 0..<$0 + 1)
        })
      let own = prefix..<length
      let weights = Tensor<Float>([rows.count, layout.weightWidth]) {
        Float.attentionWeights(
          layout, ScoreTerms(scale: 0.4), q.rows(rows).unsafePointer, keys.rows(own).unsafePointer,
          keys.unsafePointer, $0)
      }
      return Tensor<Float>([rows.count, heads * width]) {
        Float.attentionMix(
          layout, weights.unsafePointer, values.rows(own).unsafePointer, values.unsafePointer, $0)
      }.elements
    }
    let whole = attended([.init(own: true, rows: 0..<length)], 0..<length, prefix: 0)
    let last = attended([.init(own: true, rows: 0..<length)], length - 1..<length, prefix: 0)
    #expect(last == Array(whole.suffix(heads * width)))
    let continued = attended(
      [.init(own: false, rows: 0..<5), .init(own: true, rows: 0..<4)], 5..<length, prefix: 5)
    #expect(continued == Array(whole.suffix(4 * heads * width)))
  }
}
