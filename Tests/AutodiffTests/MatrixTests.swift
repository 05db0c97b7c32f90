import Autodiff
import Tensors
import Testing
import _TestSupport

@Suite struct `Matrix operations` {
  @Test(arguments: [[1, 1, 1], [2, 3, 4], [1, 5, 33], [7, 34, 2], [3, 1, 6]])
  func `gradients of products agree with central differences`(size: [Int]) {
    var random = SeededRandom(seed: 5)
    let (m, k, n) = (size[0], size[1], size[2])
    let a = Tensor<Double>.normal([m, k], using: &random)
    let b = Tensor<Double>.normal([k, n], using: &random)
    let c = Tensor<Double>.normal([n, k], using: &random)
    let bias = Tensor<Double>.normal([n], using: &random)
    expectGradient(at: [a, b]) { $0.matrixProduct($1[0], $1[1]) }
    expectGradient(at: [a, c]) { $0.matrixProduct($1[0], transposed: $1[1]) }
    expectGradient(at: [a, c]) { $0.linear($1[0], weight: $1[1]) }
    expectGradient(at: [a, c, bias]) { $0.linear($1[0], weight: $1[1], bias: $1[2]) }
    let frozen = FrozenLinear(PackedMatrix(c), bias: bias)
    expectGradient(at: [a]) { $0.linear($1[0], frozen) }
  }

  @Test func `gradients of columns agree with central differences`() {
    var random = SeededRandom(seed: 6)
    let x = Tensor<Double>.normal([3, 5], using: &random)
    let y = Tensor<Double>.normal([3, 2], using: &random)
    for range in [0..<2, 1..<3, 3..<5] {
      expectGradient(at: [x]) { $0.columns($1[0], range) }
      expectGradient(at: [x, y]) { $0.replaceColumns($1[0], range, with: $1[1]) }
    }
    expectGradient(at: [x]) { $0.columns($1[0], 0..<5) }
    expectGradient(at: [x, y]) { $0.concatenateColumns([$1[0], $1[1], $1[0]]) }
  }

  @Test func `columns are put back where they were taken`() {
    let x = Tensor<Float>([2, 4], [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(x.columns(1..<3).elements == [2, 3, 6, 7])
    let y = x.replacingColumns(1..<3, with: Tensor([2, 2], [-1, -2, -3, -4]))
    #expect(y.elements == [1, -1, -2, 4, 5, -3, -4, 8])
    let whole = Tensor.concatenatedColumns([x.columns(0..<1), x.columns(1..<3), x.columns(3..<4)])
    #expect(whole.elements == x.elements)
  }
}
