internal import Tensors

/// An intervention with a temperature, which a schedule of training sets from outside.
public protocol Tempered<Scalar>: Intervention {}

extension Tempered {
  static var temperatureName: String { "temperature" }

  /// Sets the temperature; the smaller, the sharper.
  public mutating func setTemperature(_ value: Scalar) {
    parameters[Self.temperatureName] = Tensor(scalar: value)
  }
}
