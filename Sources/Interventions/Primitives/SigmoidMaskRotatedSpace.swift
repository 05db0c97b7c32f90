public import Autodiff
public import Inputs
public import Tensors

/// Exchanges a trained soft choice of the coordinates of a rotated space.
///
///     base + W (σ(masks / T) · Wᵀ (source − base))
public struct SigmoidMaskRotatedSpace<Scalar: Real>: Intervention, Tempered {
  static var masksName: String { "masks" }
  static var softName: String { "soft masks" }

  /// What specifications call the type.
  public let name = "SigmoidMaskRotatedSpaceIntervention"
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - masks: A logit for each rotated coordinate, `[width]`.
  ///   - temperature: Of the masks, `[]`; smaller is sharper.
  public init(
    _ rotation: OrthogonalWeight<Scalar>, masks: Tensor<Scalar>? = nil,
    temperature: Tensor<Scalar> = Tensor(scalar: 50), joinsUnits: Bool = true
  ) {
    precondition(
      rotation.original.width == rotation.original.rows, "a rotated space is as wide as its vectors"
    )
    self.joinsUnits = joinsUnits
    let masks = masks ?? Tensor(repeating: 100, [rotation.original.rows])
    parameters = InterventionParameters(
      trained: rotation.trained + [
        (Self.masksName, masks), (Self.temperatureName, temperature),
      ], fixed: rotation.fixed)
  }

  /// None: it chooses coordinates by itself.
  public func coordinateCount(width: Int) -> Int? { nil }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkRotation(width: width, of: name)
    try parameters.checkWidth(of: Self.masksName, is: width)
  }

  /// Works out once a run what the parameters stand for.
  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> {
    var prepared = OrthogonalWeight.prepare(parameters, on: tape)
    prepared[Self.softName] = tape.sigmoid(
      tape.divide(parameters[Self.masksName], number: parameters[Self.temperatureName]))
    return prepared
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.moved(
      input.base, towards: input.given, along: parameters[OrthogonalWeight<Scalar>.weightName]
    ) { tape.multiplyRow($0, parameters[Self.softName]) }
  }
}
