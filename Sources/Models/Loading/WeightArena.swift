internal import Autodiff
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

  static func isPacked(_ weight: DecoderWeight, _ size: [Int]) -> Bool {
    size.count == 2 && (weight == .tokenEmbedding || !weight.isTable)
  }

  /// Copies a weight from the stored tensor at `from` to its place.
  func store(
    _ weight: DecoderWeight, _ size: [Int], _ place: PublishedWeight, _ from: UnsafePointer<Float>,
    into memory: UnsafeMutablePointer<Float>
  ) {
    guard let offset = offsets[weight] else { return }
    let (outputs, inputs) = (size[0], size.count == 2 ? size[1] : 1)
    let stored = place.storedSize(of: size).suffix(size.count)
    let isTransposed = place.isTransposed(size)
    let all = isTransposed ? stored.last ?? 0 : stored.first ?? 0
    let start = from + (place.slice?.index ?? 0) * all * inputs
    let inputStride = isTransposed ? all : 1
    let outputStride = isTransposed ? 1 : inputs
    let order = place.order(of: size)
    guard Self.isPacked(weight, size) else {
      for output in 0..<outputs {
        (memory + offset + output * inputs)
          .update(from: start + (order?[output] ?? output) * inputs, count: inputs)
      }
      return
    }
    // Rows that are not in one run are brought together first.
    var gathered: [Float] = []
    if let order {
      gathered = [Float](unsafeUninitializedCapacity: outputs * inputs) { to, initialized in
        for output in 0..<outputs {
          let row = start + order[output] * outputStride
          for input in 0..<inputs { to[output * inputs + input] = row[input * inputStride] }
        }
        initialized = outputs * inputs
      }
    }
    gathered.withUnsafeBufferPointer { gathered in
      let isGathered = order != nil
      Float.pack(
        isGathered ? gathered.baseAddress ?? start : start, inputs: inputs, outputs: outputs,
        inputStride: isGathered ? 1 : inputStride, outputStride: isGathered ? inputs : outputStride,
        memory + offset)
    }
  }

  /// The weights in memory that is filled by `store`.
  func held(
    over memory: UnsafeMutablePointer<Float>, owner: any AnyObject & Sendable
  ) -> HeldWeights<Float> {
    var entries: [DecoderWeight: HeldWeights<Float>.Entry] = [:]
    for (weight, offset) in offsets {
      guard let size = shape.size(of: weight) else { continue }
      guard Self.isPacked(weight, size) else {
        entries[weight] = .variable(
          Variable(Tensor(size, borrowing: memory + offset, owner: owner)))
        continue
      }
      let panels = Tensor(
        [packedCount(inputs: size[1], outputs: size[0])], borrowing: memory + offset, owner: owner)
      entries[weight] = .packed(
        PackedMatrix(inputs: size[1], outputs: size[0], panels: panels))
    }
    return HeldWeights(entries)
  }
}
