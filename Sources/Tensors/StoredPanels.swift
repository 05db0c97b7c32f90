internal import CKernels

/// The forms in which packed weights stay as their file has them: halves, and GGUF's blocks.
public enum WeightFormat: Sendable, CaseIterable {
  case f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, iq4_NL, mxfp4, q2_K, q3_K, q4_K, q5_K, q6_K

  /// Inputs that share scales: 1, 32 or 256. A matrix has a multiple of them.
  public var blockInputs: Int { ck_block_inputs(kernel) }

  fileprivate var kernel: ck_format {
    switch self {
    case .f16: CK_F16
    case .bf16: CK_BF16
    case .q8_0: CK_Q8_0
    case .q4_0: CK_Q4_0
    case .q4_1: CK_Q4_1
    case .q5_0: CK_Q5_0
    case .q5_1: CK_Q5_1
    case .iq4_NL: CK_IQ4_NL
    case .mxfp4: CK_MXFP4
    case .q2_K: CK_Q2_K
    case .q3_K: CK_Q3_K
    case .q4_K: CK_Q4_K
    case .q5_K: CK_Q5_K
    case .q6_K: CK_Q6_K
    }
  }
}

/// Panels of weights in their file's form, in memory that lives elsewhere and that nobody changes.
///
/// Each part becomes float32 in the cache when a product comes to it, so products have the bits of
/// the same weights as float32 from the start, with the memory traffic of the file's bytes.
public struct StoredPanels: @unchecked Sendable {  // the memory is written before it is shared
  /// The form of the weights.
  public let format: WeightFormat
  private let base: UnsafeRawPointer
  private let owner: any AnyObject & Sendable

  /// - Parameters:
  ///   - base: `byteCount(format:inputs:outputs:)` bytes that the packing functions have filled.
  ///   - owner: What keeps them.
  public init(
    _ format: WeightFormat, over base: UnsafeRawPointer, owner: any AnyObject & Sendable
  ) {
    (self.format, self.base, self.owner) = (format, base, owner)
  }

  /// Bytes of the panels of a matrix.
  public static func byteCount(_ format: WeightFormat, inputs: Int, outputs: Int) -> Int {
    precondition(inputs % format.blockInputs == 0, "\(inputs) inputs of \(format)")
    return ck_panel_bytes(format.kernel, inputs, outputs)
  }

  /// Packs a matrix of halves whose elements lie `inputStride` and `outputStride` apart.
  public static func packHalves(
    _ matrix: UnsafePointer<UInt16>, inputs: Int, outputs: Int, inputStride: Int, outputStride: Int,
    into panels: UnsafeMutableRawPointer
  ) {
    ck_pack_halves(
      matrix, inputs, outputs, inputStride, outputStride,
      panels.assumingMemoryBound(to: UInt16.self))
  }

  /// Puts one output's blocks, as a file has them, into their places.
  public static func pack(
    _ format: WeightFormat, row: UnsafeRawPointer, inputs: Int, output: Int,
    into panels: UnsafeMutableRawPointer
  ) {
    ck_pack_blocks(format.kernel, row, inputs, output, panels)
  }

  /// Writes the weights of one output, `inputs` numbers.
  func decode(inputs: Int, output: Int, into row: UnsafeMutablePointer<Float>) {
    ck_decode_row(format.kernel, base, inputs, output, row)
  }

  /// `x Wᵀ + bias`.
  func product(
    rows: Int, inputs: Int, outputs: Int, _ x: UnsafePointer<Float>, xStride: Int,
    bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    ck_product_panels(
      rows, inputs, outputs, x, xStride, format.kernel, base, bias, y, yStride)
  }

  /// `g W`, without the transposed weights.
  func transposedProduct(
    rows: Int, inputs: Int, outputs: Int, _ g: UnsafePointer<Float>, gStride: Int,
    _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    ck_product_panels_transposed(
      rows, inputs, outputs, g, gStride, format.kernel, base, y, yStride)
  }
}
