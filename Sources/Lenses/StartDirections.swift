internal import Foundation
internal import Models
internal import Randomness
internal import Statistics
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

  /// The search that a start is for.
  struct Place: Sendable {
    let layer: Int
    let direction: Int
    let restart: Int
    var candidate = 0

    /// Both in one word.
    fileprivate var number: UInt32 {
      UInt32(truncatingIfNeeded: restart) << 8 | UInt32(truncatingIfNeeded: candidate & 0xFF)
    }
  }

  /// The start of a search, unless `row` gives one: that of the readout, or a random one.
  func start(at place: Place) -> [Double] {
    if place.restart == 0, place.direction < read.count { return read[place.direction] }
    return random(at: place, 0)
  }

  /// The activation whose change is a search's start, if one is: the first candidate's.
  ///
  /// Ablated along its own change, an activation is gone, so such starts lie near the ridges of the
  /// energy, which random directions of a wide space do not.
  func row(at place: Place, of count: Int) -> Int? {
    guard place.restart > 0, place.candidate == 0 else { return nil }
    // Normal draws count from 0 on in the first word.
    let words = Philox(key: seed).words(
      SIMD4(
        UInt32.max, place.number,
        UInt32(truncatingIfNeeded: place.direction), UInt32(truncatingIfNeeded: place.layer)))
    return Int((UInt64(words[0]) << 32 | UInt64(words[1])) % UInt64(count))
  }

  /// The first random vector that is accepted.
  func random(layer: Int, where accepts: ([Double]) -> Bool) -> [Double] {
    var attempt = 1
    while true {
      let vector = random(at: Place(layer: layer, direction: 0, restart: 0), attempt)
      if accepts(vector) { return vector }
      attempt += 1
    }
  }

  /// A random vector, for each place another; attempts apart from those of places.
  private func random(at place: Place, _ attempt: Int) -> [Double] {
    let direction = UInt32(truncatingIfNeeded: place.direction) | (attempt > 0 ? 1 << 31 : 0)
    return Philox(key: seed).normals(
      width, attempt > 0 ? UInt32(truncatingIfNeeded: attempt) : place.number, direction,
      UInt32(truncatingIfNeeded: place.layer)
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
