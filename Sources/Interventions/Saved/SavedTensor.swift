internal import Checkpoints
internal import Inputs

/// A tensor of an intervention's state, as a plain value.
public struct SavedTensor: Sendable, Equatable {
  /// The elements, row-major.
  public enum Values: Sendable, Equatable {
    /// Saved as float32; read from any floating-point type, float64 rounded to the nearest.
    case floats([Float])
    /// Saved as int64; read from any integer or Boolean type.
    case integers([Int])
  }

  /// Empty for a scalar.
  public let shape: [Int]
  /// As many as the product of the shape.
  public let values: Values

  /// A tensor of floats.
  public init(shape: [Int], _ floats: [Float]) { self.init(shape: shape, values: .floats(floats)) }

  /// A tensor of integers.
  public init(shape: [Int], _ integers: [Int]) {
    self.init(shape: shape, values: .integers(integers))
  }

  private init(shape: [Int], values: Values) {
    self.shape = shape
    self.values = values
    precondition(shape.reduce(1, *) == count, "\(count) values, shape \(shape)")
  }

  /// Elements.
  public var count: Int {
    switch values {
    case .floats(let floats): floats.count
    case .integers(let integers): integers.count
    }
  }

  /// The value of a tensor with one integer; nil for every other.
  var onlyInteger: Int? {
    guard case .integers(let integers) = values, integers.count == 1 else { return nil }
    return integers[0]
  }

  /// The tensors of a file that PyTorch wrote.
  static func all(in file: PyTorchFile) throws(Refusal) -> [String: SavedTensor] {
    var state: [String: SavedTensor] = [:]
    for (name, tensor) in file.tensors {
      state[name] =
        tensor.elementType.isFloatingPoint
        ? SavedTensor(shape: tensor.shape, try file.floats(name))
        : SavedTensor(shape: tensor.shape, try file.integers(name))
    }
    return state
  }
}
