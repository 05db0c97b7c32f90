internal import Foundation
internal import Models
internal import Tensors

/// Where searches for directions start.
struct StartDirections: Sendable {
  private let width: Int
  private let seed: UInt64
  /// Those that the readout reads most, the strongest first; empty at sites that are not the
  /// stream.
  private let read: [[Double]]

  /// - Parameters:
  ///   - count: Directions wanted of the readout, at most.
  ///   - gram: WᵀW of the output head W, `[width of the stream, width of the stream]`.
  init(
    _ lens: HiddenLens, width: Int, layer: Int, count: Int, gram: Tensor<Double>?, seed: UInt64
  ) {
    self.width = width
    self.seed = seed
    guard var matrix = gram, matrix.rows == width else {
      read = []
      return
    }
    if case .tuned(let tuned) = lens {
      // The head reads W (1 + A), with A the translator.
      var elements = tuned.translators[layer].weight.map(Double.init)
      for i in 0..<width { elements[i * width + i] += 1 }
      let map = Tensor([width, width], elements)
      matrix = map.transposed().matrixProduct(matrix).matrixProduct(map)
    }
    read = leadingEigenvectors(of: matrix, count: count)
  }

  /// The start of a search; the first of a direction is the readout's, if there is one.
  func start(layer: Int, direction: Int, restart: Int) -> [Double] {
    if restart == 0, direction < read.count { return read[direction] }
    return random(layer: layer, direction, restart)
  }

  /// A random vector, for each place another.
  func random(layer: Int, _ direction: Int, _ restart: Int) -> [Double] {
    Philox(key: seed).normals(
      width, UInt32(truncatingIfNeeded: restart), UInt32(truncatingIfNeeded: direction),
      UInt32(truncatingIfNeeded: layer)
    ).map(Double.init)
  }
}

extension DecoderModel<Float> {
  /// WᵀW of the output head W, `[width, width]`.
  var headGram: Tensor<Double> {
    let head = headMatrix
    let gram = head.gram(with: head)
    return Tensor(gram.shape, gram.elements.map(Double.init))
  }
}
