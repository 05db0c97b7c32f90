internal import Autodiff
internal import Tensors

/// A model's weights by published name, in the form that its layers use.
///
/// Matrices are packed where they are constants and stay on the tape where they are not.
struct LayerWeights<Scalar: Real>: Sendable {
  private enum Entry: Sendable {
    case packed(PackedMatrix<Scalar>)
    /// A matrix is `[outputs, inputs]`, however it is stored.
    case variable(Variable<Scalar>)
  }

  private let specs: [WeightSpec]
  private let entries: [String: Entry]

  init(_ specs: [WeightSpec], _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) {
    var entries: [String: Entry] = [:]
    for spec in specs {
      guard let stored = weights[spec.name] else {
        preconditionFailure("no weight is named \(spec.name)")
      }
      precondition(stored.shape == spec.size, "\(spec.name) is \(stored.shape), not \(spec.size)")
      entries[spec.name] =
        switch spec.use {
        case .matrix(let order) where !stored.isTracked:
          .packed(PackedMatrix(stored.value, transposed: order == .inputsByOutputs))
        case .matrix(.inputsByOutputs): .variable(tape.transpose(stored))
        case .matrix, .table, .vector: .variable(stored)
        }
    }
    self.specs = specs
    self.entries = entries
  }

  /// A table or vector.
  func variable(_ name: String) -> Variable<Scalar> {
    switch entry(name) {
    case .variable(let variable): variable
    case .packed(let matrix): Variable(matrix.unpacked())
    }
  }

  /// The map of `name.weight` and, if there is one, `name.bias`.
  func linear(_ name: String) -> Linear<Scalar> {
    let bias = entries["\(name).bias"] == nil ? nil : variable("\(name).bias")
    if case .packed(let matrix) = entry("\(name).weight"), !(bias?.isTracked ?? false) {
      return .frozen(FrozenLinear(matrix, bias: bias?.value))
    }
    return .trained(weight: variable("\(name).weight"), bias: bias)
  }

  func layerNorm(_ name: String, epsilon: Float) -> Norm<Scalar> {
    let gain = variable("\(name).weight")
    return Norm(
      .layer(epsilon: epsilon), width: gain.value.count, gain: gain,
      bias: variable("\(name).bias"))
  }

  /// The weights as they are published.
  var named: NamedWeights<Scalar> {
    NamedWeights(
      specs.map { spec in
        let value = variable(spec.name).value
        let isTransposed = spec.use == .matrix(.inputsByOutputs)
        return (spec.name, Variable(isTransposed ? value.transposed() : value))
      })
  }

  private func entry(_ name: String) -> Entry {
    guard let entry = entries[name] else { preconditionFailure("the model has no \(name)") }
    return entry
  }
}
