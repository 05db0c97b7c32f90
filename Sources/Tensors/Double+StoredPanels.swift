// The requirements are documented where the protocol states them.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

/// Weights in a file's form for checks in double precision: widened as a whole.
extension Double {
  public static func unpackRow(_ packed: StoredPanels, inputs: Int, output: Int, _ row: Output) {
    let floats = Tensor<Float>([inputs]) { packed.decode(inputs: inputs, output: output, into: $0) }
    for (input, value) in floats.elements.enumerated() { row[input] = Double(value) }
  }

  public static func product(
    rows: Int, inputs: Int, outputs: Int, _ x: Input, xStride: Int, _ packed: StoredPanels,
    bias: Input?, _ y: Output, yStride: Int
  ) {
    let weights = widened(packed, inputs: inputs, outputs: outputs)
    gemm(
      false, true, m: rows, n: outputs, k: inputs, x, lda: xStride, weights.unsafePointer,
      ldb: inputs, y, ldc: yStride)
    guard let bias else { return }
    for row in 0..<rows { accumulate(1, bias, y + row * yStride, outputs) }
  }

  public static func transposedProduct(
    rows: Int, inputs: Int, outputs: Int, _ g: Input, gStride: Int, _ packed: StoredPanels,
    _ y: Output, yStride: Int
  ) {
    let weights = widened(packed, inputs: inputs, outputs: outputs)
    gemm(
      false, false, m: rows, n: inputs, k: outputs, g, lda: gStride, weights.unsafePointer,
      ldb: inputs, y, ldc: yStride)
  }

  private static func widened(
    _ packed: StoredPanels, inputs: Int, outputs: Int
  ) -> Tensor<Double> {
    PackedMatrix<Double>(inputs: inputs, outputs: outputs, stored: packed).unpacked()
  }
}
