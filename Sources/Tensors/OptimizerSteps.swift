internal import CKernels

/// The numbers of one step of Adam, worked out in double precision.
public struct AdamStep: Sendable {
  /// The part of the parameter that is added to its gradient.
  public let decay: Double
  /// What the parameter is multiplied by first; 1 without decoupled decay.
  public let shrink: Double
  /// The weights of the gradient in its running mean, and of what the mean of squares keeps.
  public let betas: (mean: Double, square: Double)
  /// What the root of the mean square is divided by: √(1 − βˢᵗᵉᵖ).
  public let correction: Double
  /// Added to the root, in the units of the gradient.
  public let epsilon: Double
  /// The rate divided by the running mean's own correction.
  public let rate: Double

  /// All of the numbers.
  public init(
    decay: Double, shrink: Double, betas: (mean: Double, square: Double), correction: Double,
    epsilon: Double, rate: Double
  ) {
    self.decay = decay
    self.shrink = shrink
    self.betas = betas
    self.correction = correction
    self.epsilon = epsilon
    self.rate = rate
  }

  func withKernelStep(_ body: (UnsafePointer<ck_adam_step>) -> Void) {
    var step = ck_adam_step(
      decay: decay, shrink: shrink, mean_weight: 1 - betas.mean, square_keep: betas.square,
      square_weight: 1 - betas.square, correction: correction, epsilon: epsilon, rate: rate)
    body(&step)
  }
}

/// The numbers of one step of gradient descent.
public struct DescentStep: Sendable {
  /// The part of the parameter that is added to its gradient.
  public let decay: Double
  /// What the velocity keeps of itself.
  public let momentum: Double
  /// What the velocity takes of the gradient.
  public let take: Double
  /// How far the parameter moves along the velocity.
  public let rate: Double
  /// Whether the gradient is taken where the velocity leads.
  public let nesterov: Bool
  /// Whether the velocity begins here, as the gradient.
  public let first: Bool

  /// All of the numbers.
  public init(
    decay: Double, momentum: Double, take: Double, rate: Double, nesterov: Bool, first: Bool
  ) {
    self.decay = decay
    self.momentum = momentum
    self.take = take
    self.rate = rate
    self.nesterov = nesterov
    self.first = first
  }

  func withKernelStep(_ body: (UnsafePointer<ck_sgd_step>) -> Void) {
    var step = ck_sgd_step(
      decay: decay, momentum: momentum, take: take, rate: rate, nesterov: nesterov ? 1 : 0,
      first: first ? 1 : 0)
    body(&step)
  }
}
