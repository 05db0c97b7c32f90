internal import Foundation
public import Tensors

/// Steps scaled by running means of the gradient and of its square.
///
///     m ← m + (1 − β₁)(g − m)        v ← β₂ v + (1 − β₂) g²
///     p ← p − rate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + epsilon)
///
/// With the operations in PyTorch's order, so that trajectories in float32 agree.
///
/// Kingma and Ba, 2014, <https://arxiv.org/abs/1412.6980>; decoupled decay, AdamW, after Loshchilov
/// and Hutter, 2017, <https://arxiv.org/abs/1711.05101>.
public struct Adam<Scalar: Real>: Optimizer {
  /// How the groups' weight decay acts.
  public enum Decay: String, Sendable, Codable {
    /// Added to the gradient: `g + decay · p`.
    case coupled
    /// The parameter shrinks by `rate · decay` before the step: AdamW.
    case decoupled
  }

  /// What is remembered of a parameter.
  struct Memory: Sendable, Codable {
    var step: Int
    var mean: Tensor<Scalar>
    var square: Tensor<Scalar>

    init(step: Int, mean: Tensor<Scalar>, square: Tensor<Scalar>) {
      self.step = step
      self.mean = mean
      self.square = square
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      step = try fields.decode(Int.self, forKey: .step)
      mean = try fields.decode(Tensor<Scalar>.self, forKey: .mean)
      square = try fields.decode(Tensor<Scalar>.self, forKey: .square)
      guard step > 0, step < Int.max else {
        throw DecodingError.dataCorruptedError(
          forKey: .step, in: fields, debugDescription: "\(step) steps, expected at least 1")
      }
    }
  }

  /// The parameters in the order in which `step` takes them.
  public var groups: [ParameterGroup]
  /// What the running mean of the gradient keeps, β₁.
  public let meanKeep: Double
  /// What the running mean of squares keeps, β₂.
  public let squareKeep: Double
  /// Added to the root mean square, in the units of the gradient.
  public let epsilon: Double
  /// How weight decay acts.
  public let decay: Decay
  private var memory: [Memory?]

  /// An optimiser that has taken no step.
  public init(
    _ groups: [ParameterGroup], meanKeep: Double = 0.9, squareKeep: Double = 0.999,
    epsilon: Double = 1e-8, decay: Decay = .coupled
  ) {
    self.groups = groups
    self.meanKeep = meanKeep
    self.squareKeep = squareKeep
    self.epsilon = epsilon
    self.decay = decay
    memory = Array(repeating: nil, count: groups.reduce(0) { $0 + $1.count })
  }

  /// The shapes of the running means; empty before a parameter's first step.
  public var rememberedShapes: [[[Int]]] {
    memory.map { $0.map { [$0.mean.shape, $0.square.shape] } ?? [] }
  }

  /// Takes one step; see `Optimizer`.
  public mutating func step(
    _ parameters: [Tensor<Scalar>], gradients: [Tensor<Scalar>?], factor: Double = 1
  ) -> [Tensor<Scalar>] {
    check(parameters, gradients)
    let settings = settings
    return parameters.indices.map { i in
      guard let gradient = gradients[i] else { return parameters[i] }
      let zeros = Tensor<Scalar>(zeros: parameters[i].shape)
      let last = memory[i] ?? Memory(step: 0, mean: zeros, square: zeros)
      let count = last.step + 1
      let rate = settings[i].rate * factor
      let weightDecay = settings[i].weightDecay
      let step = AdamStep(
        decay: decay == .coupled ? weightDecay : 0,
        shrink: decay == .decoupled ? 1 - rate * weightDecay : 1,
        betas: (meanKeep, squareKeep),
        correction: (1 - pow(squareKeep, Double(count))).squareRoot(), epsilon: epsilon,
        rate: rate / (1 - pow(meanKeep, Double(count))))
      var next = parameters[i]
      var (mean, square) = (last.mean, last.square)
      mean = mean.changed { mean in
        square = square.changed { square in
          next = next.changed {
            Scalar.adam(
              step, gradient.unsafePointer, $0, mean: mean, square: square, gradient.count)
          }
        }
      }
      memory[i] = Memory(step: count, mean: mean, square: square)
      return next
    }
  }
}
