public import Autodiff
public import Inputs
public import Tensors

/// Exchanges a soft prefix of a rotated space, whose length is trained.
///
///     base + W (m · Wᵀ (source − base))        mᵢ = σ(i / T) · σ((c·d − i) / T)
///
/// with `c` the boundary clamped to [0.001, 1], `d` the width and `T` the temperature. Wu et al.,
/// 2023, <https://arxiv.org/abs/2305.08809>.
public struct BoundlessRotatedSpace<Scalar: Real>: Intervention, Tempered {
  static var boundaryName: String { "intervention_boundaries" }
  private static var maskName: String { "boundary mask" }

  /// What specifications call the type.
  public let name = "BoundlessRotatedSpaceIntervention"
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - boundary: The part of the coordinates that is exchanged, `[1]`.
  ///   - temperature: In coordinates, `[]`; smaller is sharper.
  public init(
    _ rotation: OrthogonalWeight<Scalar>, boundary: Tensor<Scalar> = Tensor([1], [0.5]),
    temperature: Tensor<Scalar> = Tensor(scalar: 50), joinsUnits: Bool = true
  ) {
    precondition(
      rotation.original.width == rotation.original.rows, "a rotated space is as wide as its vectors"
    )
    self.joinsUnits = joinsUnits
    parameters = InterventionParameters(
      trained: rotation.trained + [
        (Self.boundaryName, boundary), (Self.temperatureName, temperature),
      ], fixed: rotation.fixed)
  }

  /// None: it chooses coordinates by itself.
  public func coordinateCount(width: Int) -> Int? { nil }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkRotation(width: width, of: name)
  }

  /// Works out once a run what the parameters stand for.
  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> {
    var prepared = OrthogonalWeight.prepare(parameters, on: tape)
    let width = parameters[OrthogonalWeight<Scalar>.originalName].shape[0]
    let temperature = parameters[Self.temperatureName]
    let places = Tensor<Scalar>([width], (0..<width).map { Scalar($0) })
    let boundary = tape.clamp(parameters[Self.boundaryName], from: 0.001, to: 1)
    let end = tape.scale(boundary, by: Scalar(width))
    let right = tape.add(Variable(places.scaled(by: -1)), number: end)
    prepared[Self.maskName] = tape.multiply(
      tape.sigmoid(tape.divide(Variable(places), number: temperature)),
      tape.sigmoid(tape.divide(right, number: temperature)))
    return prepared
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    tape.moved(
      input.base, towards: input.given, along: parameters[OrthogonalWeight<Scalar>.weightName]
    ) { tape.multiplyRow($0, parameters[Self.maskName]) }
  }
}
