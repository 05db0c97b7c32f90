public import Tensors

/// Parameters in a row that share a rate and a decay.
public struct ParameterGroup: Sendable, Codable, Equatable {
  /// How many parameters the group has.
  public let count: Int
  /// The learning rate, before a schedule's factor.
  public var rate: Double
  /// The part of a parameter that pulls it to zero in each step.
  public var weightDecay: Double

  /// A group of `count` parameters.
  public init(count: Int, rate: Double, weightDecay: Double = 0) {
    precondition(count >= 0, "a group of \(count) parameters")
    self.count = count
    self.rate = rate
    self.weightDecay = weightDecay
  }
}

/// A rule that moves parameters along their gradients, with what it remembers between steps.
///
/// A value: to go on from a checkpoint, decode it.
public protocol Optimizer<Scalar>: Sendable, Codable {
  /// What the parameters consist of.
  associatedtype Scalar: Real

  /// The parameters in the order in which `step` takes them.
  var groups: [ParameterGroup] { get set }

  /// The shapes of what is remembered of each parameter; empty before its first step.
  var rememberedShapes: [[[Int]]] { get }

  /// Takes one step and returns the new parameters.
  ///
  /// - Parameters:
  ///   - gradients: One for each parameter; where it is nil the parameter stays as it is.
  ///   - factor: What the schedule multiplies every rate by.
  mutating func step(
    _ parameters: [Tensor<Scalar>], gradients: [Tensor<Scalar>?], factor: Double
  ) -> [Tensor<Scalar>]
}

extension Optimizer {
  /// The group of each parameter.
  var settings: [ParameterGroup] {
    groups.flatMap { Array(repeating: $0, count: $0.count) }
  }

  /// Why the optimiser, read from a checkpoint, cannot go on with parameters of these shapes; nil if
  /// it can.
  public func misfit(with shapes: [[Int]]) -> String? {
    let expected = groups.reduce(0) { $0 &+ $1.count }
    guard shapes.count == expected, groups.allSatisfy({ $0.count >= 0 && $0.count <= expected })
    else {
      return "\(shapes.count) parameters, the optimiser has \(expected)"
    }
    guard rememberedShapes.count == expected else {
      return "the optimiser remembers \(rememberedShapes.count) parameters, expected \(expected)"
    }
    for (i, (shape, remembered)) in zip(shapes, rememberedShapes).enumerated() {
      if let other = remembered.first(where: { $0 != shape }) {
        return "parameter \(i) is \(shape), the optimiser remembers it as \(other)"
      }
    }
    return nil
  }

  func check(_ parameters: [Tensor<Scalar>], _ gradients: [Tensor<Scalar>?]) {
    let misfit = misfit(with: parameters.map(\.shape))
    precondition(misfit == nil, misfit ?? "")
    precondition(
      gradients.count == parameters.count, "\(gradients.count) gradients, \(parameters.count)")
    for (parameter, gradient) in zip(parameters, gradients) {
      precondition(
        gradient.map { $0.shape == parameter.shape } ?? true,
        "a gradient of \(gradient?.shape ?? []) for a parameter of \(parameter.shape)")
    }
  }
}

extension Tensor {
  /// A copy that `change` may write to.
  func changed(_ change: (UnsafeMutablePointer<Scalar>) -> Void) -> Tensor {
    Tensor(shape) { to in
      to.update(from: unsafePointer, count: count)
      change(to)
    }
  }
}
