// The requirements are documented where the protocol states them.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

internal import CKernels
internal import COpenBLAS

extension Double: Real {
  public static func unary(_ function: UnaryFunction, _ x: Input, _ y: Output, _ n: Int) {
    switch function {
    case .exp: ck_exp_f64(x, y, n)
    case .log: ck_log_f64(x, y, n)
    case .sigmoid: ck_sigmoid_f64(x, y, n)
    case .tanh: ck_tanh_f64(x, y, n)
    case .activation(.relu): ck_relu_f64(x, y, n)
    case .activation(.silu): ck_silu_f64(x, y, n)
    case .activation(.geluTanh): ck_gelu_tanh_f64(x, y, n)
    case .activation(.geluErf): ck_gelu_erf_f64(x, y, n)
    }
  }

  public static func unaryGradient(
    _ function: Activation, _ x: Input, _ g: Input, _ y: Output, _ n: Int
  ) {
    switch function {
    case .relu: ck_relu_gradient_f64(x, g, y, n)
    case .silu: ck_silu_gradient_f64(x, g, y, n)
    case .geluTanh: ck_gelu_tanh_gradient_f64(x, g, y, n)
    case .geluErf: ck_gelu_erf_gradient_f64(x, g, y, n)
    }
  }

  public static func binary(
    _ function: BinaryFunction, _ a: Input, _ b: Input, _ y: Output, _ n: Int
  ) {
    switch function {
    case .add: ck_add_f64(a, b, y, n)
    case .subtract: ck_subtract_f64(a, b, y, n)
    case .multiply: ck_multiply_f64(a, b, y, n)
    case .divide: ck_divide_f64(a, b, y, n)
    }
  }

  public static func scale(_ x: Input, _ factor: Double, _ offset: Double, _ y: Output, _ n: Int) {
    ck_scale_f64(x, factor, offset, y, n)
  }

  public static func accumulate(_ factor: Double, _ x: Input, _ y: Output, _ n: Int) {
    ck_axpy_f64(factor, x, y, n)
  }

  public static func sum(_ x: Input, _ n: Int) -> Double { ck_sum_f64(x, n) }

  public static func transpose(rows: Int, width: Int, _ x: Input, _ y: Output) {
    ck_transpose_f64(rows, width, x, y)
  }

  public static func dot(_ a: Input, _ b: Input, _ n: Int) -> Double { ck_dot_f64(a, b, n) }

  public static func pack(
    _ matrix: Input, inputs: Int, outputs: Int, inputStride: Int, outputStride: Int, _ to: Output
  ) {
    ck_pack_f64(matrix, inputs, outputs, inputStride, outputStride, to)
  }

  public static func unpackRow(_ packed: Input, inputs: Int, output: Int, _ row: Output) {
    ck_unpack_row_f64(packed, inputs, output, row)
  }

  public static func product(
    rows: Int, inputs: Int, outputs: Int, _ x: Input, xStride: Int, _ packed: Input,
    bias: Input?, _ y: Output, yStride: Int
  ) {
    ck_product_f64(rows, inputs, outputs, x, xStride, packed, bias, y, yStride)
  }

  public static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, m: Int, n: Int, k: Int, _ a: Input, lda: Int,
    _ b: Input, ldb: Int, _ c: Output, ldc: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
      transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b,
      Int32(ldb), 0, c, Int32(ldc))
  }

  public static func rmsNorm(
    rows: Int, width: Int, _ x: Input, _ weight: Input, epsilon: Double, _ y: Output, scale: Output?
  ) {
    ck_rms_norm_f64(rows, width, x, weight, epsilon, y, scale)
  }

  public static func rmsNormGradient(
    rows: Int, width: Int, _ x: Input, _ weight: Input, scale: Input, _ g: Input, _ dx: Output,
    _ dWeight: Output?
  ) {
    ck_rms_norm_gradient_f64(rows, width, x, weight, scale, g, dx, dWeight)
  }

  public static func layerNorm(
    rows: Int, width: Int, _ x: Input, _ weight: Input, _ bias: Input, epsilon: Double,
    _ y: Output, mean: Output?, scale: Output?
  ) {
    ck_layer_norm_f64(rows, width, x, weight, bias, epsilon, y, mean, scale)
  }

  public static func layerNormGradient(
    rows: Int, width: Int, _ x: Input, _ weight: Input, mean: Input, scale: Input, _ g: Input,
    _ dx: Output, _ dWeight: Output?, _ dBias: Output?
  ) {
    ck_layer_norm_gradient_f64(rows, width, x, weight, mean, scale, g, dx, dWeight, dBias)
  }

  public static func softmax(rows: Int, width: Int, _ x: Input, _ y: Output) {
    ck_softmax_rows_f64(rows, width, x, y)
  }

  public static func softmaxGradient(
    rows: Int, width: Int, _ y: Input, _ g: Input, _ dx: Output
  ) {
    ck_softmax_gradient_f64(rows, width, y, g, dx)
  }

  public static func logSumExp(rows: Int, width: Int, _ x: Input, _ y: Output) {
    ck_log_sum_exp_f64(rows, width, x, y)
  }

  public static func sumRows(rows: Int, width: Int, _ x: Input, _ y: Output) {
    ck_sum_rows_f64(rows, width, x, y)
  }

  public static func sumColumns(rows: Int, width: Int, _ x: Input, _ y: Output) {
    ck_sum_columns_f64(rows, width, x, y)
  }

  public static func broadcast(
    _ function: BinaryFunction, _ spread: Spread, rows: Int, width: Int, _ a: Input, _ b: Input,
    _ y: Output
  ) {
    let (down, along) = spread.steps
    switch function {
    case .add: ck_broadcast_add_f64(rows, width, a, b, down, along, y)
    case .subtract: ck_broadcast_subtract_f64(rows, width, a, b, down, along, y)
    case .multiply: ck_broadcast_multiply_f64(rows, width, a, b, down, along, y)
    case .divide: ck_broadcast_divide_f64(rows, width, a, b, down, along, y)
    }
  }

  public static func rotate(
    rows: Int, heads: Int, headWidth: Int, rotated: Int, isPaired: Bool, sign: Double,
    positions: UnsafePointer<Int32>, cosines: Input, sines: Input, _ x: Input, _ y: Output
  ) {
    ck_rotate_f64(
      rows, heads, headWidth, rotated, isPaired ? 1 : 0, sign, positions, cosines, sines, x, y)
  }

  public static func attentionWeights(
    _ layout: AttentionLayout, _ terms: ScoreTerms<Double>, _ q: Input, _ ownKeys: Input,
    _ prefixKeys: Input?, _ weights: Output
  ) {
    var terms = terms.f64
    layout.withKernelLayout {
      ck_attention_weights_f64($0, &terms, q, ownKeys, prefixKeys, weights)
    }
  }

  public static func attentionMix(
    _ layout: AttentionLayout, _ weights: Input, _ ownValues: Input, _ prefixValues: Input?,
    _ y: Output
  ) {
    layout.withKernelLayout { ck_attention_mix_f64($0, weights, ownValues, prefixValues, y) }
  }

  public static func attentionWeightsGradient(
    _ layout: AttentionLayout, _ terms: ScoreTerms<Double>, _ q: Input, _ ownKeys: Input,
    _ prefixKeys: Input?, _ weights: Input, _ g: Input, _ gradients: ScoreGradients<Double>
  ) {
    var terms = terms.f64
    layout.withKernelLayout {
      ck_attention_weights_gradient_f64(
        $0, &terms, q, ownKeys, prefixKeys, weights, g, gradients.q, gradients.keys,
        gradients.bias, gradients.sinks)
    }
  }

  public static func attentionMixGradient(
    _ layout: AttentionLayout, _ weights: Input, _ ownValues: Input, _ prefixValues: Input?,
    _ g: Input, _ dWeights: Output, _ dValues: Output?
  ) {
    layout.withKernelLayout {
      ck_attention_mix_gradient_f64(
        $0, weights, ownValues, prefixValues, g, dWeights, dValues)
    }
  }
}
