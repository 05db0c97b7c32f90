import Foundation
import Tensors
import Testing
import _TestSupport

@Suite struct `Functions of rows` {
  private static func draws<T: Real>(_ shape: [Int], seed: UInt64 = 5) -> Tensor<T> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  private static func double(_ x: Tensor<Float>) -> Tensor<Double> {
    Tensor(x.shape, x.elements.map(Double.init))
  }

  @Test(arguments: [[1, 1], [1, 15], [3, 16], [2, 33], [4, 1030]])
  func `softmax and its logarithm agree with sums written out`(shape: [Int]) {
    let x = Self.draws(shape).scaled(by: 6) as Tensor<Float>
    let exact = (0..<shape[0]).flatMap { r in
      let row = x.rows(r..<r + 1).elements.map(Double.init)
      let total = row.reduce(0) { $0 + exp($1) }
      return row.map { exp($0) / total }
    }
    let single = Tolerance(absolute: 1e-12, relative: 3e-6)
    #expect(single.disagreement(x.softmaxOfRows().elements, exact.map(Float.init)) == nil)
    let logs = Tolerance(absolute: 4e-6, relative: 1e-6)
    #expect(logs.disagreement(x.logSoftmaxOfRows().elements, exact.map { Float(log($0)) }) == nil)
    let fine = Tolerance(absolute: 0, relative: 1e-12)
    #expect(fine.disagreement(Self.double(x).softmaxOfRows().elements, exact) == nil)
  }

  @Test func `the log of a sum of exponentials holds at the extremes`() {
    func value(_ row: [Float]) -> Float { Tensor([1, row.count], row).logSumExp().elements[0] }
    #expect(value([3e38, 3e38]) == 3e38)
    #expect(abs(value([1e4, 1e4]) - (1e4 + 0.6931472)) < 1e-3)
    #expect(abs(value([-1e4, -1e4]) - (-1e4 + 0.6931472)) < 1e-3)
    #expect(value([-.infinity, 2]) == 2)
    #expect(value([-.infinity, -.infinity]) == -.infinity)
    #expect(value([.infinity, 1]) == .infinity)
    #expect(value([.nan, 1]).isNaN)
    #expect(value([.nan, -.infinity]).isNaN)
    #expect(value([.nan, .infinity]).isNaN)
    let many = Tensor<Float>([1, 50_000], Array(repeating: 2, count: 50_000)).logSumExp()
    #expect(abs(Double(many.elements[0]) - (2 + log(50_000))) < 2e-6)
  }

  @Test(arguments: [1, 15, 16, 40])
  func `what is not a number in a row reaches all of its softmax`(width: Int) {
    for place in [0, width - 1] {
      var elements = Self.draws([2, width]).elements as [Float]
      elements[place] = Float(bitPattern: 0x7fc0_0001)
      let y = Tensor([2, width], elements).softmaxOfRows().elements
      #expect(y.prefix(width).filter(\.isNaN).count == width)
      #expect(y.suffix(width).filter(\.isNaN).isEmpty)
    }
  }

  @Test func `a class that is ruled out has no probability`() {
    let y = Tensor<Float>([1, 3], [1, -.infinity, 1]).softmaxOfRows().elements
    #expect(y == [0.5, 0, 0.5])
  }

  @Test(arguments: [[1, 3], [2, 16], [5, 65], [3, 1000]])
  func `norms agree with double precision, and a row has the same bits in any batch`(shape: [Int]) {
    let (rows, width) = (shape[0], shape[1])
    let x = Self.draws(shape).scaled(by: 3, plus: 10) as Tensor<Float>
    let (weight, bias): (Tensor<Float>, Tensor<Float>) =
      (Self.draws([width], seed: 6), Self.draws([width], seed: 7))
    func layer<T: Real>(_ x: Tensor<T>, _ weight: Tensor<T>, _ bias: Tensor<T>) -> Tensor<T> {
      Tensor(x.shape) {
        T.layerNorm(
          rows: x.rows, width: width, x.unsafePointer, weight.unsafePointer, bias.unsafePointer,
          epsilon: 1e-5, $0, mean: nil, scale: nil)
      }
    }
    func rms<T: Real>(_ x: Tensor<T>, _ weight: Tensor<T>) -> Tensor<T> {
      Tensor(x.shape) {
        T.rmsNorm(
          rows: x.rows, width: width, x.unsafePointer, weight.unsafePointer, epsilon: 1e-5, $0,
          scale: nil)
      }
    }
    let tolerance = Tolerance(absolute: 2e-5, relative: 1e-5)
    let layered = layer(x, weight, bias)
    let exact = layer(Self.double(x), Self.double(weight), Self.double(bias))
    #expect(tolerance.disagreement(layered.elements, exact.elements.map(Float.init)) == nil)
    let scaled = rms(x, weight)
    let exactRMS = rms(Self.double(x), Self.double(weight))
    #expect(tolerance.disagreement(scaled.elements, exactRMS.elements.map(Float.init)) == nil)
    // In double precision, held to the formula itself.
    let row = Self.double(x).elements.prefix(width)
    let mean = row.reduce(0, +) / Double(width)
    let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
    let first = (row[0] - mean) / (variance + 1e-5).squareRoot()
    #expect(abs(exact.elements[0] - (first * Double(weight[0]) + Double(bias[0]))) < 1e-10)
    let last = x.rows(rows - 1..<rows)
    #expect(layer(last, weight, bias).elements == layered.rows(rows - 1..<rows).elements)
    #expect(rms(last, weight).elements == scaled.rows(rows - 1..<rows).elements)
    #expect(last.softmaxOfRows().elements == x.softmaxOfRows().rows(rows - 1..<rows).elements)
    #expect(last.logSumExp().elements[0] == x.logSumExp().elements[rows - 1])
  }

  @Test(arguments: [[1, 1], [2, 5], [17, 33], [64, 16]])
  func `sums and transposes agree with those written out`(shape: [Int]) {
    let x: Tensor<Double> = Self.draws(shape)
    let (rows, width) = (shape[0], shape[1])
    let elements = x.elements
    let tolerance = Tolerance(absolute: 1e-12, relative: 1e-12)
    let down = (0..<width).map { c in (0..<rows).reduce(0) { $0 + elements[$1 * width + c] } }
    let across = (0..<rows).map { r in (0..<width).reduce(0) { $0 + elements[r * width + $1] } }
    #expect(tolerance.disagreement(x.sumOfRows().elements, down) == nil)
    #expect(tolerance.disagreement(x.sumOfColumns().elements, across) == nil)
    #expect(tolerance.disagreement([x.sum()], [elements.reduce(0, +)]) == nil)
    let turned = x.transposed()
    #expect(turned.shape == [width, rows])
    for r in 0..<rows { for c in 0..<width { #expect(turned[c, r] == x[r, c]) } }
  }

  @Test func `the largest of a row is the first of its equals`() {
    let x = Tensor<Float>([3, 3], [1, 3, 3, -1, -2, -3, 5, .nan, 9])
    #expect(x.largestOfRows() == [1, 0, 1])
    #expect(x.oneHotOfRows().elements == [0, 1, 0, 1, 0, 0, 0, 1, 0])
  }
}
