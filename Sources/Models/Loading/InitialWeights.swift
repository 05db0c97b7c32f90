internal import Autodiff
internal import Randomness
internal import Tensors

/// Weights to begin training from, each drawn by its own name, so alike on any rank.
package struct InitialWeights {
  /// What the published implementation of a family draws from.
  package enum Rule {
    /// Uniform within ±1/√inputs, weights and biases: `torch.nn.Linear`.
    case linear
    /// The same within ±1/√width for the cells; embeddings as in a decoder: pyvene's GRU.
    case recurrent(width: Int)
    /// Normal with deviation 0.02, less for what writes to the residual stream; biases 0, gains 1.
    /// Radford et al., 2019, section 2.3.
    case decoder(layers: Int)
  }

  private let seed: UInt64
  private let rule: Rule

  init(seed: UInt64, _ rule: Rule) { (self.seed, self.rule) = (seed, rule) }

  func weights(_ specs: [WeightSpec]) -> NamedWeights<Float> {
    // A bias is drawn by the inputs of the map it belongs to, which stands before it.
    var inputs = 1
    return NamedWeights(
      specs.map { spec in
        if case .matrix(let order) = spec.use {
          inputs = order == .outputsByInputs ? spec.size[1] : spec.size[0]
        }
        return (spec.name, Variable(Tensor(spec.size, values(of: spec, inputs: inputs))))
      })
  }

  private func values(of spec: WeightSpec, inputs: Int) -> [Float] {
    let count = spec.size.reduce(1, *)
    if spec.use == .table { return normals(spec.name, count, deviation: 0.02) }
    switch rule {
    case .linear: return uniform(spec.name, count, within: 1 / Double(inputs).squareRoot())
    case .recurrent(let width):
      return uniform(spec.name, count, within: 1 / Double(width).squareRoot())
    case .decoder(let layers):
      if spec.use == .vector {
        return Array(repeating: spec.start ?? 0, count: count)
      }
      return normals(
        spec.name, count,
        deviation: spec.isWriting ? 0.02 / (2 * Double(layers)).squareRoot() : 0.02)
    }
  }

  private func normals(_ name: String, _ count: Int, deviation: Double) -> [Float] {
    Philox(seed: seed, name: name).normals(count, 0, 0, 0).map { $0 * Float(deviation) }
  }

  private func uniform(_ name: String, _ count: Int, within bound: Double) -> [Float] {
    var random = Philox(seed: seed, name: name).stream(0)
    return (0..<count).map { _ in Float((2 * random.unit() - 1) * bound) }
  }
}
