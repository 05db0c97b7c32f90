public import Autodiff
public import Inputs
public import Tensors

/// Exchanges what lies in a subspace of few trained directions: `base + W (Wᵀ (source − base))` with
/// `W` of orthonormal columns, of which subspaces choose.
///
/// Wu et al., 2024, <https://arxiv.org/abs/2404.03592>.
public struct LowRankRotatedSpace<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "LowRankRotatedSpaceIntervention"
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// Directions as the columns of a rotation.
  public init(_ rotation: OrthogonalWeight<Scalar>, joinsUnits: Bool = true) {
    self.joinsUnits = joinsUnits
    parameters = InterventionParameters(trained: rotation.trained, fixed: rotation.fixed)
  }

  /// The rank.
  public func coordinateCount(width: Int) -> Int? {
    parameters.value(OrthogonalWeight<Scalar>.originalName).shape[1]
  }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkRotation(width: width, of: name)
  }

  /// Works out once a run what the parameters stand for.
  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> { OrthogonalWeight.prepare(parameters, on: tape) }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.moved(
      input.base, towards: input.given, along: parameters[OrthogonalWeight<Scalar>.weightName]
    ) { tape.restrict($0, to: input.coordinates) }
  }
}
