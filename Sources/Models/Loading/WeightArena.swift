internal import Autodiff
internal import Checkpoints
internal import Foundation
internal import Tensors

/// Where each weight of a decoder lies in one block of memory, ready for products.
///
/// Matrices are packed, as their file has them or as float32; vectors and the position embedding are
/// plain float32. The layout follows from the shape and the files' types alone, so that ranks of a
/// host can share one block.
struct WeightArena: Sendable {
  /// Bytes in all.
  let byteCount: Int
  private let shape: DecoderShape
  private let places: [DecoderWeight: Place]

  private struct Place {
    var offset: Int
    var format: WeightFormat?
  }

  /// - Parameter format: The form in which a weight of that size stays; nil: it becomes float32.
  init(_ shape: DecoderShape, format: (DecoderWeight, [Int]) -> WeightFormat?) {
    self.shape = shape
    var places: [DecoderWeight: Place] = [:]
    var byteCount = 0
    for weight in shape.weights {
      guard let size = shape.size(of: weight) else { continue }
      let isPacked = Self.isPacked(weight, size)
      let format = isPacked ? format(weight, size) : nil
      places[weight] = Place(offset: byteCount, format: format)
      let bytes =
        if let format {
          StoredPanels.byteCount(format, inputs: size[1], outputs: size[0])
        } else {
          MemoryLayout<Float>.stride
            * (isPacked
              ? packedCount(inputs: size[1], outputs: size[0]) : size.reduce(1, *))
        }
      byteCount += (bytes + 63) / 64 * 64
    }
    self.places = places
    self.byteCount = byteCount
  }

  static func isPacked(_ weight: DecoderWeight, _ size: [Int]) -> Bool {
    size.count == 2 && (weight == .tokenEmbedding || !weight.isTable)
  }

  /// The form in which a weight stays; nil where it becomes float32.
  func format(of weight: DecoderWeight) -> WeightFormat? { places[weight]?.format }

  /// Copies a weight to its place.
  ///
  /// - Parameter stored: The tensor that has it: its blocks where the weight has a format, otherwise
  ///   floats.
  func store(
    _ weight: DecoderWeight, _ size: [Int], _ published: PublishedWeight,
    _ stored: UnsafeRawPointer, into memory: UnsafeMutableRawPointer
  ) {
    guard let place = places[weight] else { return }
    let layout = StoredLayout(size, published)
    let to = memory + place.offset
    switch place.format {
    case nil:
      let from = stored.assumingMemoryBound(to: Float.self) + layout.start
      let floats = to.assumingMemoryBound(to: Float.self)
      if Self.isPacked(weight, size) {
        layout.withOneRun(from) { from, inputStride, outputStride in
          Float.pack(
            from, inputs: layout.inputs, outputs: layout.outputs, inputStride: inputStride,
            outputStride: outputStride, floats)
        }
      } else {
        for output in 0..<layout.outputs {
          (floats + output * layout.inputs)
            .update(from: from + layout.row(output) * layout.inputs, count: layout.inputs)
        }
      }
    case .f16?, .bf16?:
      let from = stored.assumingMemoryBound(to: UInt16.self) + layout.start
      layout.withOneRun(from) { from, inputStride, outputStride in
        StoredPanels.packHalves(
          from, inputs: layout.inputs, outputs: layout.outputs, inputStride: inputStride,
          outputStride: outputStride, into: to)
      }
    case .some(let format):
      // Outputs that fill up the last panel are zero.
      let bytes = StoredPanels.byteCount(format, inputs: layout.inputs, outputs: layout.outputs)
      let panel = StoredPanels.byteCount(format, inputs: layout.inputs, outputs: 1)
      if bytes > 0 { memset(to + (bytes - panel), 0, panel) }
      let blockBytes = ElementType(format).blockBytes
      let rowBytes = layout.inputs / format.blockInputs * blockBytes
      let from = stored + layout.start / format.blockInputs * blockBytes
      for output in 0..<layout.outputs {
        StoredPanels.pack(
          format, row: from + layout.row(output) * rowBytes, inputs: layout.inputs,
          output: output, into: to)
      }
    }
  }

  /// The weights in memory that is filled by `store`.
  func held(
    over memory: UnsafeMutableRawPointer, owner: any AnyObject & Sendable
  ) -> HeldWeights<Float> {
    var entries: [DecoderWeight: HeldWeights<Float>.Entry] = [:]
    for (weight, place) in places {
      guard let size = shape.size(of: weight) else { continue }
      let base = memory + place.offset
      let floats = base.assumingMemoryBound(to: Float.self)
      guard Self.isPacked(weight, size) else {
        entries[weight] = .variable(Variable(Tensor(size, borrowing: floats, owner: owner)))
        continue
      }
      let (outputs, inputs) = (size[0], size[1])
      let matrix =
        if let format = place.format {
          PackedMatrix<Float>(
            inputs: inputs, outputs: outputs,
            stored: StoredPanels(format, over: base, owner: owner))
        } else {
          PackedMatrix(
            inputs: inputs, outputs: outputs,
            panels: Tensor(
              [packedCount(inputs: inputs, outputs: outputs)], borrowing: floats, owner: owner))
        }
      entries[weight] = .packed(matrix)
    }
    return HeldWeights(entries)
  }
}

/// How a weight lies in the tensor that holds it.
private struct StoredLayout {
  let outputs, inputs: Int
  /// Its first element.
  let start: Int
  private let inputStride, outputStride: Int
  /// The stored output of each of its own; nil where they are the same.
  private let order: [Int]?

  init(_ size: [Int], _ published: PublishedWeight) {
    (outputs, inputs) = (size[0], size.count == 2 ? size[1] : 1)
    let stored = published.storedSize(of: size).suffix(size.count)
    let isTransposed = published.isTransposed(size)
    let all = isTransposed ? stored.last ?? 0 : stored.first ?? 0
    start = (published.slice?.index ?? 0) * all * inputs
    inputStride = isTransposed ? all : 1
    outputStride = isTransposed ? 1 : inputs
    order = published.order(of: size)
  }

  func row(_ output: Int) -> Int { order?[output] ?? output }

  /// Calls `body` with the elements and their strides by input and by output; outputs that are not in
  /// one run are brought together first.
  func withOneRun<T: BitwiseCopyable>(
    _ from: UnsafePointer<T>, _ body: (UnsafePointer<T>, Int, Int) -> Void
  ) {
    guard let order else { return body(from, inputStride, outputStride) }
    let gathered = [T](unsafeUninitializedCapacity: outputs * inputs) { to, initialized in
      for output in 0..<outputs {
        let row = from + order[output] * outputStride
        for input in 0..<inputs { to[output * inputs + input] = row[input * inputStride] }
      }
      initialized = outputs * inputs
    }
    gathered.withUnsafeBufferPointer { body($0.baseAddress ?? from, 1, inputs) }
  }
}

extension WeightFormat {
  /// The form in which a matrix of a file stays; nil where it becomes float32: numbers of 32 or 64
  /// bits, and blocks that do not lie along the inputs of whole rows.
  init?(_ tensor: TensorDescription, inputs: Int, isTransposed: Bool) {
    guard
      let format = WeightFormat.allCases.first(where: { ElementType($0) == tensor.elementType }),
      format.blockInputs == 1 || (!isTransposed && inputs % format.blockInputs == 0)
    else { return nil }
    self = format
  }
}

extension ElementType {
  /// What a file calls a form.
  init(_ format: WeightFormat) {
    switch format {
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .q8_0: self = .q8_0
    case .q4_0: self = .q4_0
    case .q4_1: self = .q4_1
    case .q5_0: self = .q5_0
    case .q5_1: self = .q5_1
    case .iq4_NL: self = .iq4_NL
    case .mxfp4: self = .mxfp4
    case .q2_K: self = .q2_K
    case .q3_K: self = .q3_K
    case .q4_K: self = .q4_K
    case .q5_K: self = .q5_K
    case .q6_K: self = .q6_K
    }
  }
}
