public import Autodiff
public import Inputs
public import Tensors

/// Exchanges latents of a sparse autoencoder with thresholds; works unit by unit.
///
///     p = x W_enc + b_enc        a = (p > threshold) · relu(p)        y = a′ W_dec + b_dec
///
/// What the latents do not hold is lost, unless the error of reconstruction is kept: then
/// `x − (a W_dec + b_dec)` is added, and an exchange of nothing changes nothing but roundings.
///
/// The threshold takes no gradient. Rajamanoharan et al., 2024, <https://arxiv.org/abs/2407.14435>.
public struct JumpReLUAutoencoder<Scalar: Real>: Intervention {
  static var encoderWeight: String { "W_enc" }
  static var encoderBias: String { "b_enc" }
  static var decoderWeight: String { "W_dec" }
  static var decoderBias: String { "b_dec" }
  static var thresholdName: String { "threshold" }

  /// What specifications call the type.
  public let name = "JumpReLUAutoencoderIntervention"
  /// It works with a source.
  public let needsSource = true
  /// Whether the base's error of reconstruction is added to what is decoded.
  public let keepsError: Bool
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - encoder: `[width, latents]` with its bias `[latents]`.
  ///   - decoder: `[latents, width]` with its bias `[width]`.
  ///   - threshold: Below it or at it a latent is zero, `[latents]`.
  ///   - keepsError: Whether what the base's latents leave out is added again.
  public init(
    encoder: (weight: Tensor<Scalar>, bias: Tensor<Scalar>),
    decoder: (weight: Tensor<Scalar>, bias: Tensor<Scalar>), threshold: Tensor<Scalar>,
    keepsError: Bool = false
  ) {
    self.keepsError = keepsError
    precondition(
      encoder.weight.shape.count == 2
        && encoder.weight.shape == decoder.weight.shape.reversed()
        && encoder.bias.count == encoder.weight.width && decoder.bias.count == encoder.weight.rows
        && threshold.count == encoder.bias.count,
      "an autoencoder of \(encoder.weight.shape) and \(decoder.weight.shape)")
    parameters = InterventionParameters(
      trained: [
        (Self.encoderWeight, encoder.weight), (Self.decoderWeight, decoder.weight),
        (Self.encoderBias, encoder.bias), (Self.decoderBias, decoder.bias),
      ], fixed: [(Self.thresholdName, threshold)])
  }

  /// The number of latents.
  public func coordinateCount(width: Int) -> Int? { parameters.value(Self.encoderWeight).width }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkWidth(of: Self.decoderWeight, is: width)
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> { output(input, parameters, on: tape).output }

  /// The changed vectors, and the latents that they are decoded from.
  public func output(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> InterventionOutput<Scalar> {
    func latents(_ x: Variable<Scalar>) -> Variable<Scalar> {
      let p = tape.addRow(
        tape.matrixProduct(x, parameters[Self.encoderWeight]), parameters[Self.encoderBias])
      return tape.jumpReLU(p, threshold: parameters[Self.thresholdName].value)
    }
    func decoded(_ latents: Variable<Scalar>) -> Variable<Scalar> {
      tape.addRow(
        tape.matrixProduct(latents, parameters[Self.decoderWeight]), parameters[Self.decoderBias])
    }
    let own = latents(input.base)
    let mixed = tape.exchange(own, with: latents(input.given), at: input.coordinates)
    let made = decoded(mixed)
    return InterventionOutput(
      keepsError ? tape.add(made, tape.subtract(input.base, decoded(own))) : made, latent: mixed)
  }
}
