internal import CKernels

/// The element types that tensors have: `Float` for work, `Double` for checking gradients.
///
/// Each requirement is one C kernel; shapes are checked by the operations that call them. Pointers
/// are to row-major arrays of the counts given.
public protocol Real: BinaryFloatingPoint, Sendable, Codable, SIMDScalar
where Self.Stride == Self {
  typealias Input = UnsafePointer<Self>
  typealias Output = UnsafeMutablePointer<Self>

  static func unary(_ function: UnaryFunction, _ x: Input, _ y: Output, _ n: Int)
  static func unaryGradient(
    _ function: Activation, _ x: Input, _ g: Input, _ y: Output, _ n: Int)
  static func binary(_ function: BinaryFunction, _ a: Input, _ b: Input, _ y: Output, _ n: Int)
  static func scale(_ x: Input, _ factor: Self, _ offset: Self, _ y: Output, _ n: Int)
  static func accumulate(_ factor: Self, _ x: Input, _ y: Output, _ n: Int)
  static func dot(_ a: Input, _ b: Input, _ n: Int) -> Self
  static func sum(_ x: Input, _ n: Int) -> Self
  static func transpose(rows: Int, width: Int, _ x: Input, _ y: Output)

  static func clamp(_ x: Input, _ low: Self, _ high: Self, _ y: Output, _ n: Int)
  static func clampGradient(
    _ x: Input, _ low: Self, _ high: Self, _ g: Input, _ y: Output, _ n: Int)
  static func select(_ mask: Input, _ a: Input, _ b: Input, _ y: Output, _ n: Int)
  static func jumpReLU(rows: Int, width: Int, _ x: Input, threshold: Input, _ y: Output)
  static func jumpReLUGradient(
    rows: Int, width: Int, _ x: Input, threshold: Input, _ g: Input, _ dx: Output)
  static func divergence(rows: Int, width: Int, _ logP: Input, _ logQ: Input, _ y: Output)

  static func gather(_ pieces: Pieces, _ from: Input, _ parts: Output)
  static func scatter(_ pieces: Pieces, _ parts: Input, _ whole: Output)
  static func accumulate(_ pieces: Pieces, _ parts: Input, _ whole: Output)
  static func take(_ pieces: Pieces, _ whole: Output, _ parts: Output)

  static func unfold(_ window: SlidingWindow, _ x: Input, _ y: Output)
  static func fold(_ window: SlidingWindow, _ g: Input, _ dx: Output)
  static func maxPool(
    _ window: SlidingWindow, _ x: Input, _ y: Output, from: UnsafeMutablePointer<Int32>)
  static func maxPoolGradient(
    _ window: SlidingWindow, _ g: Input, from: UnsafePointer<Int32>, _ dx: Output)
  static func averagePool(_ window: SlidingWindow, _ x: Input, _ y: Output)
  static func averagePoolGradient(_ window: SlidingWindow, _ g: Input, _ dx: Output)

  static func reflectionFactor(
    _ n: Int, products: Input, _ tau: Input, _ factor: Output)
  static func reflectPanel(
    rows: Int, width: Int, _ a: Output, _ v: Output, _ tau: Output, workspace: Output)

  static func adam(
    _ step: AdamStep, _ g: Input, _ p: Output, mean: Output, square: Output, _ n: Int)
  static func gradientDescent(
    _ step: DescentStep, _ g: Input, _ p: Output, velocity: Output?, _ n: Int)

  static func pack(
    _ matrix: Input, inputs: Int, outputs: Int, inputStride: Int, outputStride: Int, _ to: Output)
  static func unpackRow(_ packed: Input, inputs: Int, output: Int, _ row: Output)
  static func product(
    rows: Int, inputs: Int, outputs: Int, _ x: Input, xStride: Int, _ packed: Input,
    bias: Input?, _ y: Output, yStride: Int)
  static func unpackRow(_ packed: StoredPanels, inputs: Int, output: Int, _ row: Output)
  static func product(
    rows: Int, inputs: Int, outputs: Int, _ x: Input, xStride: Int, _ packed: StoredPanels,
    bias: Input?, _ y: Output, yStride: Int)
  static func transposedProduct(
    rows: Int, inputs: Int, outputs: Int, _ g: Input, gStride: Int, _ packed: StoredPanels,
    _ y: Output, yStride: Int)
  /// General product of row-major matrices by the BLAS: `c[m, n] = op(a) op(b)`.
  static func gemm(
    _ transposeA: Bool, _ transposeB: Bool, m: Int, n: Int, k: Int, _ a: Input, lda: Int,
    _ b: Input, ldb: Int, _ c: Output, ldc: Int)

  static func rmsNorm(
    rows: Int, width: Int, _ x: Input, _ weight: Input, epsilon: Self, _ y: Output,
    scale: Output?)
  static func rmsNormGradient(
    rows: Int, width: Int, _ x: Input, _ weight: Input, scale: Input, _ g: Input, _ dx: Output,
    _ dWeight: Output?)
  static func layerNorm(
    rows: Int, width: Int, _ x: Input, _ weight: Input, _ bias: Input, epsilon: Self,
    _ y: Output, mean: Output?, scale: Output?)
  static func layerNormGradient(
    rows: Int, width: Int, _ x: Input, _ weight: Input, mean: Input, scale: Input, _ g: Input,
    _ dx: Output, _ dWeight: Output?, _ dBias: Output?)

  static func softmax(rows: Int, width: Int, _ x: Input, _ y: Output)
  static func softmaxGradient(rows: Int, width: Int, _ y: Input, _ g: Input, _ dx: Output)
  static func logSumExp(rows: Int, width: Int, _ x: Input, _ y: Output)
  static func sumRows(rows: Int, width: Int, _ x: Input, _ y: Output)
  static func sumColumns(rows: Int, width: Int, _ x: Input, _ y: Output)
  static func broadcast(
    _ function: BinaryFunction, _ spread: Spread, rows: Int, width: Int, _ a: Input, _ b: Input,
    _ y: Output)
  static func rotate(
    rows: Int, heads: Int, headWidth: Int, rotated: Int, isPaired: Bool, sign: Self,
    positions: UnsafePointer<Int32>, cosines: Input, sines: Input, _ x: Input, _ y: Output)

  static func attentionWeights(
    _ layout: AttentionLayout, _ terms: ScoreTerms<Self>, _ q: Input, _ ownKeys: Input,
    _ prefixKeys: Input?, _ weights: Output)
  static func attentionMix(
    _ layout: AttentionLayout, _ weights: Input, _ ownValues: Input, _ prefixValues: Input?,
    _ y: Output)
  static func attentionWeightsGradient(
    _ layout: AttentionLayout, _ terms: ScoreTerms<Self>, _ q: Input, _ ownKeys: Input,
    _ prefixKeys: Input?, _ weights: Input, _ g: Input, _ gradients: ScoreGradients<Self>)
  static func attentionMixGradient(
    _ layout: AttentionLayout, _ weights: Input, _ ownValues: Input, _ prefixValues: Input?,
    _ g: Input, _ dWeights: Output, _ dValues: Output?)
}

/// Functions of one number that are applied element by element.
public enum UnaryFunction: Sendable, Equatable {
  case exp, log, sigmoid, tanh
  case activation(Activation)
}

/// The nonlinearity of an MLP.
public enum Activation: String, Sendable, Codable, CaseIterable {
  case relu
  case silu
  /// GELU by the tanh approximation: `gelu_new`, `gelu_pytorch_tanh`.
  case geluTanh
  /// GELU by the error function: `gelu`.
  case geluErf
}

/// Functions of two numbers that are applied element by element.
public enum BinaryFunction: Sendable { case add, subtract, multiply, divide }

/// The number of elements of a packed matrix: output columns are padded to whole panels.
public func packedCount(inputs: Int, outputs: Int) -> Int { ck_packed_count(inputs, outputs) }

/// The processor features that the kernels use here: `avx512`, `avx2` or `generic`.
public func instructionSet() -> String {
  String(cString: ck_current_processor().instruction_set)
}
