import Autodiff
import Tensors
import Testing
import _TestSupport

@Suite struct `Elementwise operations` {
  /// Normal draws, moved away from zero where a function has a kink or a pole there.
  private static func draws(_ shape: [Int], seed: UInt64 = 3) -> Tensor<Double> {
    var random = SeededRandom(seed: seed)
    let x = Tensor<Double>.normal(shape, using: &random)
    return Tensor(shape, x.elements.map { abs($0) < 0.05 ? $0 + 0.1 : $0 })
  }

  private static let shapes = [[], [1], [7], [1, 1], [3, 5], [2, 33], [2, 3, 4]]

  @Test(arguments: shapes)
  func `gradients of functions of one number agree with central differences`(shape: [Int]) {
    let x = Self.draws(shape)
    expectGradient(at: [x]) { $0.sigmoid($1[0]) }
    expectGradient(at: [x]) { $0.tanh($1[0]) }
    expectGradient(at: [x]) { $0.exp($1[0]) }
    expectGradient(at: [x]) { $0.relu($1[0]) }
    expectGradient(at: [x]) { $0.scale($1[0], by: -0.75, plus: 2) }
    expectGradient(at: [Tensor(shape, x.elements.map { abs($0) })]) { $0.log($1[0]) }
  }

  @Test(arguments: Activation.allCases)
  func `gradients of activations agree with central differences`(function: Activation) {
    expectGradient(at: [Self.draws([4, 9])]) { $0.activate($1[0], function) }
    let wide = Tensor<Double>([1, 6], [-30, -6, -2.5, 2.5, 6, 30])
    expectGradient(at: [wide]) { $0.activate($1[0], function) }
  }

  @Test(arguments: shapes)
  func `gradients of functions of two numbers agree with central differences`(shape: [Int]) {
    let x = [Self.draws(shape), Self.draws(shape, seed: 4)]
    expectGradient(at: x) { $0.add($1[0], $1[1]) }
    expectGradient(at: x) { $0.subtract($1[0], $1[1]) }
    expectGradient(at: x) { $0.multiply($1[0], $1[1]) }
    let away = [x[0], Tensor(shape, x[1].elements.map { $0 + ($0 < 0 ? -0.5 : 0.5) })]
    expectGradient(at: away) { $0.divide($1[0], $1[1]) }
  }

  @Test func `a variable may be used twice in one operation`() {
    expectGradient(at: [Self.draws([2, 3])]) { $0.multiply($1[0], $1[0]) }
    expectGradient(at: [Self.draws([2, 3])]) { $0.subtract($0.exp($1[0]), $1[0]) }
  }

  @Test(arguments: [[1, 1], [1, 8], [5, 1], [3, 7], [4, 33]])
  func `gradients of rows, columns and numbers laid over a matrix agree`(shape: [Int]) {
    let x = Self.draws(shape)
    let away = { (shape: [Int]) in
      Tensor(shape, Self.draws(shape, seed: 9).elements.map { $0 + ($0 < 0 ? -0.5 : 0.5) })
    }
    for row in [away([shape[1]]), away([1, shape[1]])] {
      expectGradient(at: [x, row]) { $0.addRow($1[0], $1[1]) }
      expectGradient(at: [x, row]) { $0.subtractRow($1[0], $1[1]) }
      expectGradient(at: [x, row]) { $0.multiplyRow($1[0], $1[1]) }
      expectGradient(at: [x, row]) { $0.divideRow($1[0], $1[1]) }
    }
    for column in [away([shape[0]]), away([shape[0], 1])] {
      expectGradient(at: [x, column]) { $0.addColumn($1[0], $1[1]) }
      expectGradient(at: [x, column]) { $0.scaleRows($1[0], by: $1[1]) }
      expectGradient(at: [x, column]) { $0.divideColumn($1[0], $1[1]) }
    }
    for number in [away([]), away([1])] {
      expectGradient(at: [x, number]) { $0.add($1[0], number: $1[1]) }
      expectGradient(at: [x, number]) { $0.multiply($1[0], number: $1[1]) }
      expectGradient(at: [x, number]) { $0.divide($1[0], number: $1[1]) }
    }
  }

  @Test func `a row is laid over rows and a column over columns`() {
    let tape = Tape<Float>()
    let x = Variable(Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6]))
    let row = Variable(Tensor<Float>([3], [1, 10, 100]))
    let column = Variable(Tensor<Float>([2], [2, 4]))
    #expect(tape.addRow(x, row).value.elements == [2, 12, 103, 5, 15, 106])
    #expect(tape.subtractRow(x, row).value.elements == [0, -8, -97, 3, -5, -94])
    #expect(tape.multiplyRow(x, row).value.elements == [1, 20, 300, 4, 50, 600])
    #expect(tape.divideRow(x, row).value.elements == [1, 0.2, 0.03, 4, 0.5, 0.06])
    #expect(tape.scaleRows(x, by: column).value.elements == [2, 4, 6, 16, 20, 24])
    #expect(tape.divideColumn(x, column).value.elements == [0.5, 1, 1.5, 1, 1.25, 1.5])
  }
}
