internal import Autodiff
internal import Tensors

/// A model's weights by published name, in the form that its layers use.
///
/// Matrices are packed where they are constants and stay on the tape where they are not.
struct LayerWeights<Scalar: Real>: Sendable {
  private enum Entry: Sendable {
    case packed(PackedMatrix<Scalar>)
    /// A matrix is `[outputs, inputs]`, however it is stored; of a kernel inputs are by row of the
    /// window, column and channel.
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
        case .kernel where !stored.isTracked:
          .packed(
            PackedMatrix(
              stored.value.transposedEach(rows: spec.size[1])
                .reshaped([spec.size[0], stored.value.width])))
        case .kernel:
          .variable(
            tape.reshape(
              tape.transposeEach(stored, rows: spec.size[1]),
              [spec.size[0], stored.value.width]))
        case .matrix, .table, .vector, .buffer: .variable(stored)
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

  func batchNorm(_ name: String) -> BatchNorm<Scalar> {
    BatchNorm(
      gain: variable("\(name).weight"), bias: variable("\(name).bias"),
      mean: variable("\(name).running_mean").value,
      variance: variable("\(name).running_var").value)
  }

  /// The weights as they are published.
  var named: NamedWeights<Scalar> {
    NamedWeights(
      specs.map { spec in
        let value = variable(spec.name).value
        switch spec.use {
        case .matrix(.inputsByOutputs): return (spec.name, Variable(value.transposed()))
        case .kernel:
          let pixels = spec.size[2] * spec.size[3]
          return (spec.name, Variable(value.transposedEach(rows: pixels).reshaped(spec.size)))
        case .matrix, .table, .vector, .buffer: return (spec.name, Variable(value))
        }
      }, buffers: specs.buffers)
  }

  private func entry(_ name: String) -> Entry {
    guard let entry = entries[name] else { preconditionFailure("the model has no \(name)") }
    return entry
  }
}
