import Autodiff
import Tensors
import Testing
import _TestSupport

struct TransposeTests {
  @Test(arguments: [[1, 1], [2, 5], [7, 3]])
  func `gradient of a transposed matrix agrees with central differences`(shape: [Int]) {
    var random = SeededRandom(seed: 3)
    let x = Tensor<Double>.normal(shape, using: &random)
    expectGradient(at: [x]) { $0.transpose($1[0]) }
    #expect(Tape<Double>().transpose(Variable(x)).value[0, shape[0] - 1] == x[shape[0] - 1, 0])
  }
}
