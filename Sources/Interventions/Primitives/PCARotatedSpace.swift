public import Autodiff
public import Inputs
public import Tensors

/// Exchanges principal components of the standardised activation.
///
///     z = C (x − mean) / std        y = (Cᵀ z′) · std + mean
///
/// with `z′` the base's components, the chosen ones the source's. What no component spans is lost.
public struct PCARotatedSpace<Scalar: Real>: Intervention {
  static var componentsName: String { "pca_components" }
  static var meanName: String { "pca_mean" }
  static var deviationName: String { "pca_std" }

  /// What specifications call the type.
  public let name = "PCARotatedSpaceIntervention"
  /// Whether the units of an example are one vector.
  public let joinsUnits: Bool
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - components: Orthonormal rows, `[components, width]`.
  ///   - mean: `[width]`.
  ///   - deviation: `[width]`, none of them zero.
  public init(
    components: Tensor<Scalar>, mean: Tensor<Scalar>, deviation: Tensor<Scalar>,
    joinsUnits: Bool = true
  ) {
    precondition(
      components.shape.count == 2 && mean.count == components.width
        && deviation.count == components.width,
      "components \(components.shape), mean \(mean.shape), deviation \(deviation.shape)")
    self.joinsUnits = joinsUnits
    parameters = InterventionParameters(fixed: [
      (Self.componentsName, components), (Self.meanName, mean), (Self.deviationName, deviation),
    ])
  }

  /// The number of components.
  public func coordinateCount(width: Int) -> Int? { parameters.value(Self.componentsName).rows }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkWidth(of: Self.componentsName, is: width)
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let components = parameters[Self.componentsName]
    let (mean, deviation) = (parameters[Self.meanName], parameters[Self.deviationName])
    func turned(_ x: Variable<Scalar>) -> Variable<Scalar> {
      let standard = tape.divideRow(tape.subtractRow(x, mean), deviation)
      return tape.matrixProduct(standard, transposed: components)
    }
    let mixed = tape.exchange(
      turned(input.base), with: turned(input.given), at: input.coordinates)
    let back = tape.matrixProduct(mixed, components)
    return tape.addRow(tape.multiplyRow(back, deviation), mean)
  }
}
