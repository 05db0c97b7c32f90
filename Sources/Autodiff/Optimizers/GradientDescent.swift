public import Tensors

/// Gradient descent with momentum.
///
///     v ← momentum · v + (1 − dampening) · g,  the first v being g
///     p ← p − rate · v,  or with nesterov  p − rate · (g + momentum · v)
///
/// With the operations in the order of PyTorch's `SGD`, so that trajectories in float32 agree.
///
/// Sutskever et al., 2013, <https://proceedings.mlr.press/v28/sutskever13.html>.
public struct GradientDescent<Scalar: Real>: Optimizer {
  /// The parameters in the order in which `step` takes them.
  public var groups: [ParameterGroup]
  /// What the velocity keeps of itself; none is kept where it is zero.
  public let momentum: Double
  /// What the velocity leaves out of the gradient.
  public let dampening: Double
  /// Whether the gradient counts where the velocity leads.
  public let nesterov: Bool
  private var velocities: [Tensor<Scalar>?]

  /// An optimiser that has taken no step.
  public init(
    _ groups: [ParameterGroup], momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false
  ) {
    precondition(
      !nesterov || (momentum > 0 && dampening == 0),
      "nesterov with momentum \(momentum), dampening \(dampening)")
    self.groups = groups
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    velocities = Array(repeating: nil, count: groups.reduce(0) { $0 + $1.count })
  }

  /// The shapes of the velocities; empty before the first step, and without momentum.
  public var rememberedShapes: [[[Int]]] { velocities.map { $0.map { [$0.shape] } ?? [] } }

  /// Takes one step; see `Optimizer`.
  public mutating func step(
    _ parameters: [Tensor<Scalar>], gradients: [Tensor<Scalar>?], factor: Double = 1
  ) -> [Tensor<Scalar>] {
    check(parameters, gradients)
    let settings = settings
    return parameters.indices.map { i in
      guard let gradient = gradients[i] else { return parameters[i] }
      let step = DescentStep(
        decay: settings[i].weightDecay, momentum: momentum, take: 1 - dampening,
        rate: settings[i].rate * factor, nesterov: nesterov, first: velocities[i] == nil)
      func moved(_ velocity: UnsafeMutablePointer<Scalar>?) -> Tensor<Scalar> {
        parameters[i].changed {
          Scalar.gradientDescent(
            step, gradient.unsafePointer, $0, velocity: velocity, gradient.count)
        }
      }
      guard momentum != 0 else { return moved(nil) }
      var next = parameters[i]
      velocities[i] = (velocities[i] ?? gradient).changed { next = moved($0) }
      return next
    }
  }
}
