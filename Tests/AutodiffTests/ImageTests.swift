import Autodiff
import Tensors
import Testing
import _TestSupport

@Suite struct `Ops on images` {
  private static func draws(_ shape: [Int], seed: UInt64 = 71) -> Tensor<Double> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  private static let images = [ImageSize(height: 5, width: 4), ImageSize(height: 2, width: 3)]
  private static let pixels = images.reduce(0) { $0 + $1.count }

  static let windows = [
    ImageWindow(size: 3, stride: 1, padding: 1), ImageWindow(size: 3, stride: 2, padding: 1),
    ImageWindow(size: 2, stride: 2), ImageWindow(size: 1), ImageWindow(size: 1, stride: 2),
    ImageWindow(size: 5, stride: 3, padding: 4),
  ]

  @Test(arguments: windows)
  func `gradients of convolutions agree with central differences`(window: ImageWindow) {
    let x = Self.draws([Self.pixels, 3])
    let weight = Self.draws([4, window.size * window.size * 3], seed: 72)
    let bias = Self.draws([4], seed: 73)
    expectGradient(at: [x, weight, bias]) {
      $0.convolve($1[0], images: Self.images, window: window, weight: $1[1], bias: $1[2])
    }
    expectGradient(at: [x, weight]) {
      $0.convolve($1[0], images: Self.images, window: window, weight: $1[1])
    }
    let frozen = FrozenLinear(PackedMatrix(weight), bias: bias)
    expectGradient(at: [x]) {
      $0.convolve($1[0], images: Self.images, window: window, frozen)
    }
  }

  @Test(arguments: windows)
  func `a convolution is the sum over its window`(window: ImageWindow) {
    let (channels, outputs, image) = (3, 2, Self.images[0])
    let x = Self.draws([image.count, channels])
    let kernel = Self.draws([outputs, channels, window.size, window.size], seed: 74)
    let tape = Tape<Double>()
    let y = tape.convolve(
      Variable(x), images: [image], window: window,
      weight: tape.reshape(
        tape.transposeEach(Variable(kernel), rows: channels),
        [outputs, window.size * window.size * channels])
    ).value
    let places = window.size(of: image)
    #expect(y.shape == [places.count, outputs])
    for oy in 0..<places.height {
      for ox in 0..<places.width {
        for output in 0..<outputs {
          var sum = 0.0
          for ky in 0..<window.size {
            for kx in 0..<window.size {
              let v = oy * window.stride + ky - window.padding
              let u = ox * window.stride + kx - window.padding
              guard (0..<image.height).contains(v), (0..<image.width).contains(u) else { continue }
              for c in 0..<channels {
                sum += kernel[output, c, ky, kx] * x[v * image.width + u, c]
              }
            }
          }
          #expect(abs(y[oy * places.width + ox, output] - sum) < 1e-12)
        }
      }
    }
  }

  @Test(arguments: windows)
  func `gradients of pooling agree with central differences`(window: ImageWindow) {
    let x = Self.draws([Self.pixels, 3])
    expectGradient(at: [x]) { $0.maxPool($1[0], images: Self.images, window: window) }
  }

  @Test(arguments: [[1, 1], [2, 2], [5, 4], [3, 1]])
  func `gradients of means over parts agree with central differences`(parts: [Int]) {
    let x = Self.draws([Self.pixels, 3])
    let parts = ImageSize(height: parts[0], width: parts[1])
    expectGradient(at: [x]) { $0.averagePool($1[0], images: Self.images, parts: parts) }
  }

  @Test func `parts of an image overlap where they do not divide it`() {
    let x = Tensor<Double>([5, 1], [1, 2, 3, 4, 5])
    let y = x.averagePooled(
      image: ImageSize(height: 1, width: 5), parts: ImageSize(height: 1, width: 3))
    #expect(y.elements == [1.5, 3, 4.5])
  }

  @Test func `pooling leaves out what lies beyond the edge and passes on what is no number`() {
    let image = ImageSize(height: 2, width: 2)
    let window = ImageWindow(size: 3, stride: 2, padding: 1)
    let x = Tensor<Float>([4, 1], [-3, -2, -4, -5])
    #expect(x.maxPooled(window, image: image).values.elements == [-2])
    #expect(x.maxPooled(window, image: image).pixels == [1])
    let odd = Tensor<Float>([4, 1], [-3, .nan, -4, 9])
    #expect(odd.maxPooled(window, image: image).values.elements[0].isNaN)
  }

  @Test func `gradients of batch norms agree with central differences`() {
    var random = SeededRandom(seed: 75)
    let mean = Self.draws([3], seed: 76)
    let variance = Tensor([3], (0..<3).map { _ in Double.random(in: 0.1...2, using: &random) })
    expectGradient(at: [Self.draws([7, 3]), Self.draws([3], seed: 77), Self.draws([3], seed: 78)]) {
      $0.batchNorm(
        $1[0], weight: $1[1], bias: $1[2], mean: mean, variance: variance, epsilon: 1e-5)
    }
  }

  @Test func `gradients of transposed rows agree with central differences`() {
    expectGradient(at: [Self.draws([2, 3, 4])]) { $0.transposeEach($1[0], rows: 3) }
  }

  @Test(arguments: windows)
  func `an image's bits do not hang on the rest of the batch`(window: ImageWindow) {
    var random = SeededRandom(seed: 79)
    let x = Tensor<Float>.normal([Self.pixels, 3], using: &random)
    let weight = Variable(Tensor<Float>.normal([4, window.size * window.size * 3], using: &random))
    let tape = Tape<Float>()
    let both = tape.convolve(
      Variable(x), images: Self.images, window: window, weight: weight
    ).value.elements
    let first = Self.images[0].count
    let alone = [(0, x.rows(0..<first)), (1, x.rows(first..<Self.pixels))].flatMap {
      tape.convolve(
        Variable($1), images: [Self.images[$0]], window: window, weight: weight
      ).value.elements
    }
    #expect(both == alone)
  }
}
