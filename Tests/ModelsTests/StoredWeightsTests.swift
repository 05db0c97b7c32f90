import Autodiff
import Foundation
import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Checkpoints
@testable import Models

/// Models whose weights stay in memory as their file has them.
struct StoredWeightsTests {
  private static let types = ElementType.allCases.filter {
    $0.isFloatingPoint && $0 != .f64 && $0 != .f32
  }

  private static let width = 256

  /// A Llama of one block whose matrices are random blocks of a type, as a GGUF file.
  private static func model(_ type: ElementType) throws -> PublishedModel {
    var tiny = TinyGGUF()
    for (key, value) in [
      ("embedding_length", width), ("feed_forward_length", 512), ("rope.dimension_count", 128),
    ] {
      tiny.values["llama.\(key)"] = (4, littleEndian(UInt32(value)))
    }
    var builder = GGUFBuilder()
    for (key, value) in tiny.values.sorted(by: { $0.key < $1.key }) {
      builder.add(key, type: value.type, value.bytes)
    }
    // Neither whole panels nor whole tiles of rows.
    let tokens = (0..<70).map { "t\($0)" }
    builder.add(
      "tokenizer.ggml.tokens", type: 9,
      GGUFBuilder.array(8, count: UInt64(tokens.count), tokens.flatMap(GGUFBuilder.string)))
    let number = try #require(ElementType.inGGUF.first { $0.value == type }).key
    var random = SeededRandom(seed: 5)
    for (name, shape) in tiny.shapes.sorted(by: { $0.key < $1.key }) {
      guard shape.count == 2 else {
        builder.addTensor(
          name, dimensions: [UInt64(width)], type: 0,
          (0..<width).flatMap { littleEndian(1 + Float($0 % 5) / 16) })
        continue
      }
      let sizes = shape.enumerated().map { axis, size in
        name.contains("ffn") && size == 8
          ? 512 : axis == 1 && size == 8 ? UInt64(tokens.count) : UInt64(width)
      }
      let count = Int(sizes.reduce(1, *))
      builder.addTensor(
        name, dimensions: sizes, type: number,
        type.randomBlocks(count / type.blockSize, using: &random))
    }
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("stored-\(UUID().uuidString).gguf").path
    try Data(builder.file).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try PublishedModel(path)
  }

  private static let sequences = [Array(0..<50), [7], [1, 2, 3, 4, 5]]

  @Test(arguments: types)
  func `they take the bytes of the file and have its numbers to the bit`(type: ElementType) throws {
    let published = try Self.model(type)
    let model = try published.load()
    for (name, stored) in [
      ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"),
      ("token_embd.weight", "model.embed_tokens.weight"), ("output.weight", "lm_head.weight"),
    ] {
      let weight = try #require(model.weights[stored]).value.elements
      #expect(weight.map(\.bitPattern) == (try published.checkpoint.floats(name)).map(\.bitPattern))
    }
    let matrices = published.checkpoint.tensors.values.filter { $0.shape.count == 2 }
    // Panels are of 32 outputs; the two with 70 tokens are filled up to 96.
    let bytes = matrices.reduce(0) { sum, tensor in
      sum + tensor.byteCount / tensor.shape[0] * ((tensor.shape[0] + 31) / 32 * 32)
    }
    #expect(published.byteCount - bytes == 3 * Self.width * MemoryLayout<Float>.stride)
  }

  @Test(arguments: types)
  func `passes and gradients have the bits of the same weights as float32`(
    type: ElementType
  ) throws {
    let model = try Self.model(type).load()
    let plain = model.with(model.weights, on: Tape())
    func results(_ model: DecoderModel<Float>, _ tokens: [[Int]]) throws -> [[UInt32]] {
      let tape = Tape<Float>()
      var leaf: Variable<Float>?
      let logits = model.run(.tokens(tokens), on: tape) { here in
        guard here.site == .blockInput else { return here.value }
        leaf = tape.leaf(here.value.value)
        return leaf ?? here.value
      }
      let sum = tape.sum(tape.multiply(logits, logits))
      let gradient = tape.gradients(of: sum, at: [try #require(leaf)])[0]
      return [logits.value, gradient].map { $0.elements.map(\.bitPattern) }
    }
    // One row, a few, and more than one block of rows.
    for tokens in [[[3]], Self.sequences, Array(repeating: Array(0..<48), count: 6)] {
      let (found, expected) = (try results(model, tokens), try results(plain, tokens))
      #expect(found == expected)
      #expect(found[0].contains { Float(bitPattern: $0).isFinite && $0 != 0 })
    }
  }

  @Test func `double precision widens them`() throws {
    let published = try Self.model(.q4_K)
    let weight = try #require(try published.load().weights["lm_head.weight"]).value
    var bytes = [UInt8](
      repeating: 0, count: try published.checkpoint.tensor("output.weight").byteCount)
    try bytes.withUnsafeMutableBytes {
      try published.checkpoint.readBlocks("output.weight", into: $0)
    }
    let size = StoredPanels.byteCount(.q4_K, inputs: Self.width, outputs: weight.rows)
    let memory = Memory(size)
    for output in 0..<weight.rows {
      bytes.withUnsafeBytes { raw in
        guard let base = raw.baseAddress else { return }
        StoredPanels.pack(
          .q4_K, row: base + output * raw.count / weight.rows, inputs: Self.width, output: output,
          into: memory.base)
      }
    }
    let matrix = PackedMatrix<Double>(
      inputs: Self.width, outputs: weight.rows,
      stored: StoredPanels(.q4_K, over: memory.base, owner: memory))
    let x = Tensor<Double>([3, Self.width], (0..<(3 * Self.width)).map { Double($0 % 17) / 8 - 1 })
    let bias = Tensor<Double>([weight.rows], (0..<weight.rows).map(Double.init))
    let wide = Tensor<Double>(weight.shape, weight.elements.map(Double.init))
    let near = Tolerance(absolute: 1e-10, relative: 1e-10)
    let packed = PackedMatrix(wide)
    #expect(
      near.disagreement(
        matrix.product(x, bias: bias).elements, packed.product(x, bias: bias).elements) == nil)
    let g = packed.product(x)
    #expect(
      near.disagreement(
        FrozenLinear(matrix).transposedProduct(g).elements,
        FrozenLinear(packed).transposedProduct(g).elements) == nil)
  }
}

private final class Memory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer

  init(_ count: Int) {
    base = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    memset(base, 0, count)
  }

  deinit { base.deallocate() }
}
