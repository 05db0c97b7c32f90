// The requirements are documented where the protocol states them.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

extension Float {
  public static func unpackRow(_ packed: StoredPanels, inputs: Int, output: Int, _ row: Output) {
    packed.decode(inputs: inputs, output: output, into: row)
  }

  public static func product(
    rows: Int, inputs: Int, outputs: Int, _ x: Input, xStride: Int, _ packed: StoredPanels,
    bias: Input?, _ y: Output, yStride: Int
  ) {
    packed.product(
      rows: rows, inputs: inputs, outputs: outputs, x, xStride: xStride, bias: bias, y,
      yStride: yStride)
  }

  public static func transposedProduct(
    rows: Int, inputs: Int, outputs: Int, _ g: Input, gStride: Int, _ packed: StoredPanels,
    _ y: Output, yStride: Int
  ) {
    packed.transposedProduct(
      rows: rows, inputs: inputs, outputs: outputs, g, gStride: gStride, y, yStride: yStride)
  }
}
