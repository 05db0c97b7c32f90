public import Autodiff
public import Tensors
public import Testing

/// Holds the gradients of an operation to central differences in float64.
///
/// The loss is a sum of the results with random weights. Every element of every input is moved by
/// `step`. Each input's gradient must also be the same when it alone is tracked, and an operation
/// on constants must record nothing.
public func expectGradient(
  at inputs: [Tensor<Double>], step: Double = 1e-5,
  tolerance: Tolerance = Tolerance(absolute: 1e-8, relative: 1e-6),
  sourceLocation: SourceLocation = #_sourceLocation,
  _ operation: (Tape<Double>, [Variable<Double>]) -> Variable<Double>
) {
  let tape = Tape<Double>()
  let leaves = inputs.map(tape.leaf)
  let output = operation(tape, leaves)
  var random = SeededRandom(seed: 0x5eed)
  let weights = Tensor<Double>.normal(output.shape, using: &random)
  let gradients = tape.gradients(of: output, seed: weights, at: leaves)

  func loss(_ inputs: [Tensor<Double>]) -> Double {
    let silent = Tape<Double>()
    let value = operation(silent, inputs.map { Variable($0) }).value
    #expect(
      silent.count == 0, "an operation on constants was recorded", sourceLocation: sourceLocation)
    return (value * weights).sum()
  }

  for (i, input) in inputs.enumerated() {
    #expect(
      gradients[i].shape == input.shape, "shape of gradient \(i)", sourceLocation: sourceLocation)
    let elements = input.elements
    let differences = elements.indices.map { at in
      func moved(_ by: Double) -> Double {
        var changed = elements
        changed[at] += by
        var all = inputs
        all[i] = Tensor(input.shape, changed)
        return loss(all)
      }
      return (moved(step) - moved(-step)) / (2 * step)
    }
    let worst = tolerance.disagreement(gradients[i].elements, differences)
    #expect(worst == nil, "gradient of input \(i)", sourceLocation: sourceLocation)

    let single = Tape<Double>()
    var mixed = inputs.map { Variable($0) }
    mixed[i] = single.leaf(input)
    let alone = single.gradients(of: operation(single, mixed), seed: weights, at: [mixed[i]])[0]
    #expect(
      alone.elements == gradients[i].elements, "gradient of input \(i) when it alone is tracked",
      sourceLocation: sourceLocation)
  }
}
