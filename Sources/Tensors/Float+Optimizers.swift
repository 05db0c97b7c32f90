// The requirements are documented where the protocol states them.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CKernels

extension Float {
  public static func adam(
    _ step: AdamStep, _ g: Input, _ p: Output, mean: Output, square: Output, _ n: Int
  ) {
    step.withKernelStep { ck_adam_f32($0, g, p, mean, square, n) }
  }

  public static func gradientDescent(
    _ step: DescentStep, _ g: Input, _ p: Output, velocity: Output?, _ n: Int
  ) {
    step.withKernelStep { ck_sgd_f32($0, g, p, velocity, n) }
  }
}
