import Autodiff
import Tensors
import Testing
import _TestSupport

@Suite struct `Sums, shapes and losses` {
  private static func draws(_ shape: [Int], seed: UInt64 = 31) -> Tensor<Double> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  @Test(arguments: [[1, 1], [1, 6], [5, 1], [3, 4], [2, 35]])
  func `gradients of sums, means and shapes agree with central differences`(shape: [Int]) {
    let x = Self.draws(shape)
    expectGradient(at: [x]) { $0.sum($1[0]) }
    expectGradient(at: [x]) { $0.mean($1[0]) }
    expectGradient(at: [x]) { $0.sumOfRows($1[0]) }
    expectGradient(at: [x]) { $0.sumOfColumns($1[0]) }
    expectGradient(at: [x]) { $0.transpose($1[0]) }
    expectGradient(at: [x]) { $0.reshape($1[0], [shape[0] * shape[1]]) }
  }

  @Test(arguments: [[1, 1], [1, 5], [4, 3], [2, 40]])
  func `gradients of softmax and of losses agree with central differences`(shape: [Int]) {
    let (x, other) = (Self.draws(shape), Self.draws(shape, seed: 32))
    let labels = (0..<shape[0]).map { ($0 * 7) % shape[1] }
    expectGradient(at: [x]) { $0.softmaxRows($1[0]) }
    expectGradient(at: [x]) { $0.logSoftmaxRows($1[0]) }
    expectGradient(at: [x]) { $0.crossEntropy($1[0], labels: labels) }
    expectGradient(at: [x]) {
      $0.crossEntropy($1[0], rows: [shape[0] - 1, 0], labels: [0, shape[1] - 1])
    }
    expectGradient(at: [x, other]) { $0.klDivergence($1[0], from: $1[1]) }
    expectGradient(at: [x]) {
      $0.logitDifference($1[0], labels: labels, foils: labels.map { shape[1] - 1 - $0 })
    }
    expectGradient(at: [x, other]) { $0.meanSquaredError($1[0], $1[1]) }
    expectGradient(at: [x]) { $0.gumbelSoftmax($1[0], noise: other, temperature: 0.7) }
  }

  @Test func `gradients of pieces of lines agree with central differences`() {
    let x = Tensor<Double>([2, 3], [-2, -0.5, 0.2, 0.6, 1.5, 3])
    expectGradient(at: [x]) { $0.clamp($1[0], from: -1, to: 1) }
    let threshold = Tensor<Double>([3], [-1, 0.3, 1])
    expectGradient(at: [x]) { $0.jumpReLU($1[0], threshold: threshold) }
    let mask = Tensor<Double>([2, 3], [1, 0, 0, 1, 1, 0])
    expectGradient(at: [x, Self.draws([2, 3])]) { $0.select(mask, $1[0], $1[1]) }
  }

  @Test func `only what is above its threshold and zero passes the jump`() {
    let x = Variable(Tensor<Float>([2, 3], [-0.5, 0.3, 1, 0.5, 0.31, .nan]))
    let y = Tape<Float>().jumpReLU(x, threshold: Tensor([3], [-1, 0.3, 1])).value.elements
    #expect(Array(y[0..<5]) == [0, 0, 0, 0.5, 0.31])
    #expect(y[5].isNaN)
  }

  @Test func `clamping takes the gradient at the limits, not past them`() {
    let tape = Tape<Float>()
    let x = tape.leaf(Tensor([4], [0, 0.001, 1, 1.5]))
    let y = tape.clamp(x, from: 0.001, to: 1)
    #expect(y.value.elements == [0.001, 0.001, 1, 1])
    #expect(tape.gradients(of: y, at: [x])[0].elements == [0, 1, 1, 0])
  }

  @Test
  func `a divergence is zero from itself, and counts nothing where the reference has nothing`() {
    let tape = Tape<Float>()
    let x = Variable(Tensor<Float>([2, 3], [1, 2, 3, -1, 0, 4]))
    #expect(tape.klDivergence(x, from: x).value.scalar == 0)
    let reference = tape.leaf(Tensor<Float>([1, 2], [0, -.infinity]))
    let even = Variable(Tensor<Float>([1, 2], [0, 0]))
    let divergence = tape.klDivergence(even, from: reference)
    #expect(abs(divergence.value.scalar - 0.6931472) < 1e-6)
    let gradient = tape.gradients(of: divergence, at: [reference])[0].elements
    #expect(gradient.allSatisfy { abs($0) < 1e-6 })
  }

  @Test func `a hard draw has the value of one class and the gradient of the soft draw`() {
    var random = SeededRandom(seed: 33)
    let noise = Tensor<Double>.normal([2, 4], using: &random)
    let x = Self.draws([2, 4])
    let weights = Self.draws([2, 4], seed: 34)
    let tapes = [Tape<Double>(), Tape<Double>()]
    let leaves = tapes.map { $0.leaf(x) }
    let soft = tapes[0].gumbelSoftmax(leaves[0], noise: noise, temperature: 0.5)
    let hard = tapes[1].gumbelSoftmax(leaves[1], noise: noise, temperature: 0.5, hard: true)
    #expect(hard.value.elements == soft.value.oneHotOfRows().elements)
    #expect(hard.value.sumOfColumns().elements == [1, 1])
    #expect(
      tapes[0].gradients(of: soft, seed: weights, at: [leaves[0]])[0].elements
        == tapes[1].gradients(of: hard, seed: weights, at: [leaves[1]])[0].elements)
  }

  @Test func `nothing passes through a detached value, and all through a straight one`() {
    let tape = Tape<Float>()
    let x = tape.leaf(Tensor([2], [1, 2]))
    let detached = tape.multiply(x, tape.detach(x))
    #expect(tape.gradients(of: detached, at: [x])[0].elements == [1, 2])
    let straight = tape.straightThrough(hard: Tensor([2], [10, 20]), soft: tape.scale(x, by: 3))
    #expect(straight.value.elements == [10, 20])
    #expect(tape.gradients(of: straight, at: [x])[0].elements == [3, 3])
  }

  @Test func `what a choice leaves out leaves no trace, even if it is not finite`() {
    let tape = Tape<Float>()
    let a = tape.leaf(Tensor([2], [.nan, 2]))
    let b = tape.leaf(Tensor([2], [3, .infinity]))
    let y = tape.select(Tensor([2], [0, 1]), a, b)
    #expect(y.value.elements == [3, 2])
    #expect(tape.gradients(of: y, at: [a, b]).map(\.elements) == [[0, 1], [1, 0]])
  }

  @Test func `a leaf that has no influence has a gradient of zeros`() {
    let tape = Tape<Float>()
    let (x, unused) = (tape.leaf(Tensor([2], [1, 2])), tape.leaf(Tensor([3], [1, 2, 3])))
    #expect(tape.gradients(of: tape.sum(x), at: [unused])[0].elements == [0, 0, 0])
  }
}
