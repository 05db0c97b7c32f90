public import Autodiff
public import Inputs
public import Tensors

/// Exchanges coordinates of a rotated space: distributed alignment search.
///
///     base + W · restrict(Wᵀ (source − base))
///
/// Written as a change of the base, so that a source equal to the base changes no bit. Geiger et
/// al., 2023, <https://arxiv.org/abs/2303.02536>.
public struct RotatedSpace<Scalar: Real>: Intervention {
  /// What specifications call the type.
  public let name = "RotatedSpaceIntervention"
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - rotation: Square.
  ///   - joinsUnits: Whether it turns all units of an example as one vector.
  public init(_ rotation: OrthogonalWeight<Scalar>, joinsUnits: Bool = true) {
    precondition(
      rotation.original.width == rotation.original.rows, "a rotated space is as wide as its vectors"
    )
    self.joinsUnits = joinsUnits
    parameters = InterventionParameters(trained: rotation.trained, fixed: rotation.fixed)
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

extension Tape {
  /// `base + f((source − base) W) Wᵀ`.
  func moved(
    _ base: Variable<Scalar>, towards source: Variable<Scalar>, along weight: Variable<Scalar>,
    _ change: (Variable<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    let turned = matrixProduct(subtract(source, base), weight)
    return add(base, matrixProduct(change(turned), transposed: weight))
  }
}
