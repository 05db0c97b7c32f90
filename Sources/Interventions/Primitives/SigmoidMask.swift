public import Autodiff
public import Inputs
public import Tensors

/// Moves each coordinate a trained part of the way to the source: `base + σ(mask / T)(source − base)`.
///
/// The temperature takes no gradient.
public struct SigmoidMask<Scalar: Real>: Intervention, Tempered {
  static var maskName: String { "mask" }
  static var softName: String { "soft mask" }

  /// What specifications call the type.
  public let name = "SigmoidMaskIntervention"
  /// It works with a source.
  public let needsSource = true
  /// What is saved, and what training changes of it.
  public var parameters: InterventionParameters<Scalar>

  /// - Parameters:
  ///   - mask: A logit for each coordinate, `[width]`.
  ///   - temperature: Of the mask, `[]`; smaller is sharper.
  public init(mask: Tensor<Scalar>, temperature: Tensor<Scalar> = Tensor(scalar: 0.01)) {
    parameters = InterventionParameters(
      trained: [(Self.maskName, mask)], fixed: [(Self.temperatureName, temperature)])
  }

  /// None: it chooses coordinates by itself.
  public func coordinateCount(width: Int) -> Int? { nil }

  /// Refuses vectors that its numbers do not fit.
  public func check(width: Int) throws(Refusal) {
    try parameters.checkWidth(of: Self.maskName, is: width)
  }

  /// Works out once a run what the parameters stand for.
  public func prepare(
    _ parameters: BoundParameters<Scalar>, on tape: Tape<Scalar>
  ) -> BoundParameters<Scalar> {
    var prepared = parameters
    let temperature = Variable(parameters[Self.temperatureName].value)
    prepared[Self.softName] = tape.sigmoid(
      tape.divide(parameters[Self.maskName], number: temperature))
    return prepared
  }

  /// The changed vectors.
  public func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let way = tape.subtract(input.given, input.base)
    return tape.add(input.base, tape.multiplyRow(way, parameters[Self.softName]))
  }
}

extension InterventionParameters {
  /// Refuses vectors that a parameter with an element a coordinate does not fit.
  func checkWidth(of parameter: String, is width: Int) throws(Refusal) {
    let found = value(parameter).shape
    guard found.last == width else {
      throw Refusal(
        .job, field: parameter, found: "shape \(found)",
        expected: "\(width) as the last size: the elements of a vector at this site")
    }
  }
}
