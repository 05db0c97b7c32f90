public import Autodiff
public import Inputs
public import Tensors

/// Exchanges what lies in a subspace of few trained directions: `base + W (Wᵀ (source − base))` with
/// `W` of orthonormal columns, of which subspaces choose.
///
/// Wu et al., 2024, <https://arxiv.org/abs/2404.03592>.
public struct LowRankRotatedSpace<Scalar: Real>: Intervention {
  public let name = "LowRankRotatedSpaceIntervention"
  public let joinsUnits: Bool
  public let needsSource = true
  public var parameters: InterventionParameters<Scalar>

  public init(_ rotation: OrthogonalWeight<Scalar>, joinsUnits: Bool = true) {
    self.joinsUnits = joinsUnits
    parameters = InterventionParameters(trained: rotation.trained, fixed: rotation.fixed)
  }

  /// The rank.
  public func coordinateCount(width: Int) -> Int? {
    parameters.value(OrthogonalWeight<Scalar>.originalName).shape[1]
  }

  public func check(width: Int) throws(Refusal) {
    try parameters.checkRotation(width: width, of: name)
  }

  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> { OrthogonalWeight.prepare(parameters, on: tape) }

  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.moved(
      input.base, towards: input.given, along: parameters[OrthogonalWeight<Scalar>.weightName]
    ) { tape.restrict($0, to: input.coordinates) }
  }
}
