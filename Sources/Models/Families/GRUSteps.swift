public import Autodiff
public import Tensors

/// A gated recurrent model step by step.
extension GRUModel: RecurrentModel {
  public var firstStates: Tensor<Scalar> { Tensor(zeros: [shape.layers, shape.width]) }

  public var isOfLastStep: Bool {
    switch shape.head {
    case .classifier: true
    case .languageModel: false
    }
  }

  public func logits(of rows: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    head(rows, on: tape)
  }

  public func run(
    _ steps: [Range<Int>], of inputs: ModelInputs<Scalar>, from starts: [Tensor<Scalar>],
    on tape: Tape<Scalar>, visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> RecurrentSteps<Scalar> {
    let rows = Batch(lengths: steps.map(\.count))
    let stream = stream(steps, of: inputs, on: tape)
    var running: [Int] = []
    var states: [Variable<Scalar>] = []
    var outputs: [Variable<Scalar>] = []
    var ends = starts.map(RecurrentSteps<Scalar>.End.unmoved)
    var places = [[Int]](repeating: [], count: steps.count)
    var made = 0
    let some = steps.filter { !$0.isEmpty }
    let first = some.map(\.lowerBound).min() ?? 0
    for step in first..<(some.map(\.upperBound).max() ?? first) {
      let now = steps.indices.filter { steps[$0].contains(step) }
      if now.isEmpty { continue }
      if now != running {
        states = moved(states, of: running, to: now, joining: starts, on: tape)
        running = now
      }
      let here = RowPlaces(steps: steps, step: step)
      var x = tape.rows(
        stream, now.map { rows.row(sequence: $0, position: step - steps[$0].lowerBound) })
      for (layer, cell) in cells.enumerated() {
        x = cell(x, state: states[layer], on: tape) { site, value in
          visit?(SiteValue(site: site, layer: layer, value: value, places: here)) ?? value
        }
        states[layer] = x
      }
      outputs.append(x)
      for (row, example) in now.enumerated() {
        places[example].append(made + row)
        if step == steps[example].upperBound - 1 { ends[example] = .moved(states, row: row) }
      }
      made += now.count
    }
    return RecurrentSteps(
      outputs: outputs.isEmpty
        ? Variable(Tensor(zeros: [0, shape.width])) : tape.concatenate(outputs),
      places: places, ends: ends)
  }

  /// States by layer, a row for each running example, with those that begin and without those that
  /// have ended.
  private func moved(
    _ states: [Variable<Scalar>], of running: [Int], to now: [Int],
    joining starts: [Tensor<Scalar>], on tape: Tape<Scalar>
  ) -> [Variable<Scalar>] {
    let place = Dictionary(uniqueKeysWithValues: running.enumerated().map { ($1, $0) })
    let joining = now.filter { place[$0] == nil }
    func begun(_ layer: Int) -> Variable<Scalar> {
      Variable(.concatenated(joining.map { starts[$0].rows(layer..<layer + 1) }))
    }
    if joining == now { return (0..<shape.layers).map(begun) }
    var next = running.count
    let order = now.map { example in
      if let row = place[example] { return row }
      defer { next += 1 }
      return next
    }
    return states.enumerated().map { layer, own in
      tape.rows(joining.isEmpty ? own : tape.concatenate([own, begun(layer)]), order)
    }
  }
}
