public import Autodiff
public import Inputs
public import Tensors

/// Exchanges latents of a trained autoencoder; the result is the decoded latents alone.
///
///     z(x) = relu(E (x − decoder bias) + encoder bias)        y = D z′ + decoder bias
public struct Autoencoder<Scalar: Real>: Intervention {
  static var encoderWeight: String { "autoencoder.encoder.0.weight" }
  static var encoderBias: String { "autoencoder.encoder.0.bias" }
  static var decoderWeight: String { "autoencoder.decoder.0.weight" }
  static var decoderBias: String { "autoencoder.decoder.0.bias" }

  /// What specifications call the type.
  public let name = "AutoencoderIntervention"
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - encoder: `[latents, width]` with its bias `[latents]`.
  ///   - decoder: `[width, latents]` with its bias `[width]`.
  public init(
    encoder: (weight: Tensor<Scalar>, bias: Tensor<Scalar>),
    decoder: (weight: Tensor<Scalar>, bias: Tensor<Scalar>), joinsUnits: Bool = true
  ) {
    precondition(
      encoder.weight.shape.count == 2
        && encoder.weight.shape == decoder.weight.shape.reversed()
        && encoder.bias.count == encoder.weight.rows && decoder.bias.count == decoder.weight.rows,
      "an autoencoder of \(encoder.weight.shape) and \(decoder.weight.shape)")
    self.joinsUnits = joinsUnits
    parameters = InterventionParameters(trained: [
      (Self.encoderWeight, encoder.weight), (Self.encoderBias, encoder.bias),
      (Self.decoderWeight, decoder.weight), (Self.decoderBias, decoder.bias),
    ])
  }

  /// The number of latents.
  public func coordinateCount(width: Int) -> Int? { parameters.value(Self.encoderWeight).rows }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkWidth(of: Self.encoderWeight, is: width)
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
    let bias = parameters[Self.decoderBias]
    func latents(_ x: Variable<Scalar>) -> Variable<Scalar> {
      tape.relu(
        tape.linear(
          tape.subtractRow(x, bias), weight: parameters[Self.encoderWeight],
          bias: parameters[Self.encoderBias]))
    }
    let mixed = tape.exchange(
      latents(input.base), with: latents(input.given), at: input.coordinates)
    return InterventionOutput(
      tape.linear(mixed, weight: parameters[Self.decoderWeight], bias: bias), latent: mixed)
  }
}
