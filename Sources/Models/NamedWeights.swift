public import Autodiff
internal import Checkpoints
public import Inputs
public import Tensors

/// A model's weights under the names, and in the layout, that they are published in.
///
/// GPT-2's queries, keys and values are one tensor `[inputs, 3 · outputs]` here, and an embedding
/// that is the output head as well stands once.
public struct NamedWeights<Scalar: Real>: Sendable {
  /// In the order of use.
  public let names: [String]
  /// Those that training leaves alone, such as the running statistics of a batch norm.
  public let buffers: Set<String>
  private let variables: [String: Variable<Scalar>]

  /// Each name must be given once.
  public init(
    _ pairs: [(name: String, variable: Variable<Scalar>)], buffers: Set<String> = []
  ) {
    self.buffers = buffers
    names = pairs.map(\.name)
    variables = Dictionary(uniqueKeysWithValues: pairs.map { ($0.name, $0.variable) })
  }

  /// The weight of that name.
  public subscript(name: String) -> Variable<Scalar>? { variables[name] }

  /// The weights with their names, in the order of `names`.
  public var pairs: [(name: String, variable: Variable<Scalar>)] {
    names.compactMap { name in variables[name].map { (name, $0) } }
  }

  /// Those that training changes, with their names.
  public var parameters: [(name: String, variable: Variable<Scalar>)] {
    pairs.filter { !buffers.contains($0.name) }
  }

  /// The variables in the order of `names`, for asking a tape for their gradients.
  public var all: [Variable<Scalar>] { pairs.map(\.variable) }

  /// The same weights as leaves of a tape, so that gradients reach them; buffers stay constants.
  public func leaves(on tape: Tape<Scalar>) -> NamedWeights {
    NamedWeights(
      pairs.map { name, variable in
        (name, buffers.contains(name) ? Variable(variable.value) : tape.leaf(variable.value))
      }, buffers: buffers)
  }

  /// Other values under the same names, as constants: what an optimiser's step gives back.
  public func replaced(with values: [Tensor<Scalar>]) -> NamedWeights {
    precondition(values.count == names.count, "\(values.count) values for \(names.count) weights")
    return NamedWeights(zip(names, values).map { ($0, Variable($1)) }, buffers: buffers)
  }
}

extension NamedWeights<Float> {
  /// Writes the weights as one safetensors file, which appears when it is whole.
  public func write(to path: String) throws(Refusal) {
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    for (name, variable) in pairs {
      writer.add(name, shape: variable.shape, variable.value.elements)
    }
    try writer.write(to: path)
  }
}
