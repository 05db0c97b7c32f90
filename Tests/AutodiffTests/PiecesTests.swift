import Autodiff
import Tensors
import Testing
import _TestSupport

@Suite struct `Taking and putting back` {
  private static func draws(_ shape: [Int], seed: UInt64 = 21) -> Tensor<Double> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  @Test(arguments: [[0], [3], [2, 0], [1, 1, 3], [0, 1, 2, 3]])
  func `gradients of rows agree with central differences`(indices: [Int]) {
    let x = Self.draws([4, 3])
    let values = Self.draws([indices.count, 3], seed: 22)
    expectGradient(at: [x]) { $0.rows($1[0], indices) }
    expectGradient(at: [x, values]) { $0.replaceRows($1[0], indices, with: $1[1]) }
  }

  @Test func `gradients of rows of higher axes and of concatenation agree`() {
    let x = Self.draws([3, 2, 2])
    expectGradient(at: [x]) { $0.rows($1[0], [2, 2, 0]) }
    expectGradient(at: [x, Self.draws([1, 2, 2])]) { $0.concatenate([$1[0], $1[1], $1[0]]) }
    expectGradient(at: [x, Self.draws([2, 4])]) { $0.replaceRows($1[0], [1, 2], with: $1[1]) }
  }

  @Test(arguments: [[1], [4, 0], [2, 2, 3], [0, 1, 2, 3, 4]])
  func `gradients of listed columns agree with central differences`(indices: [Int]) {
    let x = Self.draws([3, 5])
    let values = Self.draws([3, indices.count], seed: 23)
    expectGradient(at: [x]) { $0.gatherColumns($1[0], indices) }
    expectGradient(at: [x, values]) { $0.replaceColumns($1[0], indices, with: $1[1]) }
    let perRow = [indices, indices.reversed(), indices.map { 4 - $0 }]
    expectGradient(at: [x]) { $0.gatherColumns($1[0], perRow: perRow) }
    expectGradient(at: [x, values]) { $0.replaceColumns($1[0], perRow: perRow, with: $1[1]) }
  }

  @Test func `gradients of blocks agree with central differences`() {
    let x = Self.draws([3, 6])
    let lists = [
      [BlockPlace(row: 0, column: 0)],
      [BlockPlace(row: 2, column: 4), BlockPlace(row: 0, column: 2)],
      [
        BlockPlace(row: 1, column: 0), BlockPlace(row: 1, column: 1), BlockPlace(row: 1, column: 0),
      ],
    ]
    for places in lists {
      let values = Self.draws([places.count, 2], seed: 24)
      expectGradient(at: [x]) { $0.gatherBlocks($1[0], at: places, width: 2) }
      expectGradient(at: [x, values]) {
        $0.replaceBlocks($1[0], at: places, width: 2, with: $1[1])
      }
    }
  }

  @Test func `listed columns are each row's own`() {
    let tape = Tape<Float>()
    let x = Variable(Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6]))
    #expect(tape.gatherColumns(x, [2, 0]).value.elements == [3, 1, 6, 4])
    #expect(tape.gatherColumns(x, perRow: [[2, 0], [1, 1]]).value.elements == [3, 1, 5, 5])
    let values = Variable(Tensor<Float>([2, 2], [-1, -2, -3, -4]))
    let shared = tape.replaceColumns(x, [2, 0], with: values).value
    #expect(shared.elements == [-2, 2, -1, -4, 5, -3])
    let own = tape.replaceColumns(x, perRow: [[2, 0], [1, 1]], with: values).value
    #expect(own.elements == [-2, 2, -1, 4, -4, 6])
    #expect(x.value.elements == [1, 2, 3, 4, 5, 6])
  }

  @Test func `blocks are heads at positions`() {
    let tape = Tape<Float>()
    let x = Variable(Tensor<Float>([3, 4], (0..<12).map(Float.init)))
    let places = [BlockPlace(row: 2, column: 2), BlockPlace(row: 0, column: 0)]
    let taken = tape.gatherBlocks(x, at: places, width: 2)
    #expect(taken.shape == [2, 2])
    #expect(taken.value.elements == [10, 11, 0, 1])
    let put = tape.replaceBlocks(x, at: places, width: 2, with: tape.scale(taken, by: -1)).value
    #expect(put.elements == [0, -1, 2, 3, 4, 5, 6, 7, 8, 9, -10, -11])
  }

  @Test func `what is taken and put back leaves the same bits`() {
    let tape = Tape<Double>()
    let x = Variable(Self.draws([5, 7]))
    let indices = [6, 0, 3]
    let columns = tape.replaceColumns(x, indices, with: tape.gatherColumns(x, indices))
    #expect(columns.value.elements == x.value.elements)
    let rows = tape.replaceRows(x, [4, 1], with: tape.rows(x, [4, 1]))
    #expect(rows.value.elements == x.value.elements)
    let none = tape.replaceColumns(x, [], with: tape.gatherColumns(x, []))
    #expect(none.value.elements == x.value.elements)
    let noRows = tape.gatherColumns(Variable(Tensor(zeros: [0, 4])), perRow: [])
    #expect(noRows.shape == [0, 0])
  }
}
