// The requirements are documented where the protocol states them.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CKernels

extension Float {
  public static func unfold(_ window: SlidingWindow, _ x: Input, _ y: Output) {
    window.withKernelWindow { ck_unfold_f32($0, x, y) }
  }

  public static func fold(_ window: SlidingWindow, _ g: Input, _ dx: Output) {
    window.withKernelWindow { ck_fold_f32($0, g, dx) }
  }

  public static func maxPool(
    _ window: SlidingWindow, _ x: Input, _ y: Output, from: UnsafeMutablePointer<Int32>
  ) {
    window.withKernelWindow { ck_max_pool_f32($0, x, y, from) }
  }

  public static func maxPoolGradient(
    _ window: SlidingWindow, _ g: Input, from: UnsafePointer<Int32>, _ dx: Output
  ) {
    window.withKernelWindow { ck_max_pool_gradient_f32($0, g, from, dx) }
  }

  public static func averagePool(_ window: SlidingWindow, _ x: Input, _ y: Output) {
    window.withKernelWindow { ck_average_pool_f32($0, x, y) }
  }

  public static func averagePoolGradient(_ window: SlidingWindow, _ g: Input, _ dx: Output) {
    window.withKernelWindow { ck_average_pool_gradient_f32($0, g, dx) }
  }
}
