internal import Tensors

/// Where each weight of a decoder lies in one block of floats, ready for products.
///
/// Matrices are packed, vectors and the position embedding are plain. The layout follows from the
/// shape alone, so that ranks of a host can share one block.
struct WeightArena: Sendable {
  /// Floats in all.
  let count: Int
  private let shape: DecoderShape
  private let offsets: [DecoderWeight: Int]

  init(_ shape: DecoderShape) {
    self.shape = shape
    var offsets: [DecoderWeight: Int] = [:]
    var count = 0
    for weight in shape.weights {
      guard let size = shape.size(of: weight) else { continue }
      offsets[weight] = count
      let floats =
        Self.isPacked(weight, size)
        ? packedCount(inputs: size[1], outputs: size[0]) : size.reduce(1, *)
      count += (floats + 15) / 16 * 16
    }
    self.offsets = offsets
    self.count = count
  }

  private static func isPacked(_ weight: DecoderWeight, _ size: [Int]) -> Bool {
    size.count == 2 && weight != .positionEmbedding
  }

  /// Copies a weight from the stored tensor at `from` to its place.
  func store(
    _ weight: DecoderWeight, _ size: [Int], _ place: PublishedWeight, _ from: UnsafePointer<Float>,
    into memory: UnsafeMutablePointer<Float>
  ) {
    guard let offset = offsets[weight] else { return }
    let outputs = size[0]
    let inputs = size.count == 2 ? size[1] : 1
    let isTransposed = place.order == .inputsByOutputs && size.count == 2
    let inputStride = isTransposed ? outputs * place.part.of : 1
    let outputStride = isTransposed ? 1 : inputs
    var start = from + place.part.index * outputs * outputStride
    var halves: [Float] = []
    if let heads = place.interleavedHeads {
      halves = Self.halves(start, outputs: outputs, inputs: inputs, heads: heads)
    }
    halves.withUnsafeBufferPointer { halves in
      if let base = halves.baseAddress, !halves.isEmpty { start = base }
      if Self.isPacked(weight, size) {
        Float.pack(
          start, inputs: inputs, outputs: outputs, inputStride: inputStride,
          outputStride: outputStride, memory + offset)
      } else {
        (memory + offset).update(from: start, count: outputs * inputs)
      }
    }
  }

  /// Rows of rotary pairs of neighbours, reordered so that the pairs are half a head apart.
  private static func halves(
    _ from: UnsafePointer<Float>, outputs: Int, inputs: Int, heads: Int
  ) -> [Float] {
    let width = outputs / heads
    return [Float](unsafeUninitializedCapacity: outputs * inputs) { to, initialized in
      for row in 0..<outputs {
        let (head, i) = row.quotientAndRemainder(dividingBy: width)
        let source = head * width + 2 * (i % (width / 2)) + i / (width / 2)
        for k in 0..<inputs { to[row * inputs + k] = from[source * inputs + k] }
      }
      initialized = outputs * inputs
    }
  }

  func matrix(
    _ weight: DecoderWeight, over memory: UnsafeMutablePointer<Float>,
    owner: any AnyObject & Sendable
  ) -> PackedMatrix<Float>? {
    guard let offset = offsets[weight], let size = shape.size(of: weight) else { return nil }
    let panels = Tensor(
      [packedCount(inputs: size[1], outputs: size[0])], borrowing: memory + offset, owner: owner)
    return PackedMatrix(inputs: size[1], outputs: size[0], panels: panels)
  }

  func vector(
    _ weight: DecoderWeight, over memory: UnsafeMutablePointer<Float>,
    owner: any AnyObject & Sendable
  ) -> Tensor<Float>? {
    guard let offset = offsets[weight], let size = shape.size(of: weight) else { return nil }
    return Tensor(size, borrowing: memory + offset, owner: owner)
  }
}
