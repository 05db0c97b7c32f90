// The requirements are documented where the protocol states them.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CKernels

extension Float {
  public static func gather(_ pieces: Pieces, _ from: Input, _ parts: Output) {
    pieces.withKernelPieces { ck_gather_f32($0, from, parts) }
  }

  public static func scatter(_ pieces: Pieces, _ parts: Input, _ whole: Output) {
    pieces.withKernelPieces { ck_scatter_f32($0, parts, whole) }
  }

  public static func accumulate(_ pieces: Pieces, _ parts: Input, _ whole: Output) {
    pieces.withKernelPieces { ck_accumulate_f32($0, parts, whole) }
  }

  public static func take(_ pieces: Pieces, _ whole: Output, _ parts: Output) {
    pieces.withKernelPieces { ck_take_f32($0, whole, parts) }
  }

  public static func clamp(_ x: Input, _ low: Float, _ high: Float, _ y: Output, _ n: Int) {
    ck_clamp_f32(x, low, high, y, n)
  }

  public static func clampGradient(
    _ x: Input, _ low: Float, _ high: Float, _ g: Input, _ y: Output, _ n: Int
  ) {
    ck_clamp_gradient_f32(x, low, high, g, y, n)
  }

  public static func select(_ mask: Input, _ a: Input, _ b: Input, _ y: Output, _ n: Int) {
    ck_select_f32(mask, a, b, y, n)
  }

  public static func jumpReLU(rows: Int, width: Int, _ x: Input, threshold: Input, _ y: Output) {
    ck_jump_relu_f32(rows, width, x, threshold, y)
  }

  public static func jumpReLUGradient(
    rows: Int, width: Int, _ x: Input, threshold: Input, _ g: Input, _ dx: Output
  ) {
    ck_jump_relu_gradient_f32(rows, width, x, threshold, g, dx)
  }

  public static func divergence(rows: Int, width: Int, _ logP: Input, _ logQ: Input, _ y: Output) {
    ck_divergence_f32(rows, width, logP, logQ, y)
  }

  public static func reflectionFactor(
    _ n: Int, products: Input, _ tau: Input, _ factor: Output
  ) {
    ck_reflection_factor_f32(n, products, tau, factor)
  }

  public static func reflectPanel(
    rows: Int, width: Int, _ a: Output, _ v: Output, _ tau: Output, workspace: Output
  ) {
    ck_reflect_panel_f32(rows, width, a, v, tau, workspace)
  }
}
