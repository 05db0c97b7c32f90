public import Autodiff
public import Tensors

/// What an intervention gives: the changed activation, and perhaps what it went through.
public struct InterventionOutput<Scalar: Real> {
  /// The changed vectors.
  public let output: Variable<Scalar>
  /// What the type shows besides, a row for each vector: an autoencoder its latents after the
  /// exchange.
  public let latent: Variable<Scalar>?

  /// The changed vectors, with nothing besides unless given.
  public init(_ output: Variable<Scalar>, latent: Variable<Scalar>? = nil) {
    self.output = output
    self.latent = latent
  }
}
