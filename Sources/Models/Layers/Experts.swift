internal import Autodiff
public import Tensors

/// Several feed-forward networks, of which each row goes through a few.
///
/// Only those that a row uses are computed for it. A row's outputs are added in the order of its
/// experts' numbers, so its bits do not depend on the batch.
public struct Experts<Scalar: Real>: Sendable {
  let shape: FeedForwardShape.Experts
  let router: Linear<Scalar>
  let networks: [FeedForward<Scalar>]

  func callAsFunction(
    _ read: Variable<Scalar>, on tape: Tape<Scalar>,
    visit: (Site, Variable<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    let scores = visit(.routerOutput, router(read, on: tape))
    let chosen = (0..<read.value.rows).map { Self.largest(scores.value, row: $0, shape.used) }
    let weights = weights(scores, chosen, on: tape)

    // What each expert gives for its rows, one expert's below the other's.
    var rowsOf = [[Int]](repeating: [], count: networks.count)
    for (row, experts) in chosen.enumerated() {
      for expert in experts { rowsOf[expert].append(row) }
    }
    var outputs: [Variable<Scalar>] = []
    var places = chosen.map { [Int](repeating: 0, count: $0.count) }
    var next = 0
    for (expert, rows) in rowsOf.enumerated() where !rows.isEmpty {
      outputs.append(
        networks[expert](tape.rows(read, rows), on: tape, visit: { _, value in value }))
      for row in rows {
        if let number = chosen[row].firstIndex(of: expert) { places[row][number] = next }
        next += 1
      }
    }
    let all = outputs.count == 1 ? outputs[0] : tape.concatenate(outputs)
    var sum: Variable<Scalar>?
    for number in 0..<shape.used {
      let part = tape.scaleRows(
        tape.rows(all, places.map { $0[number] }), by: tape.columns(weights, number..<number + 1))
      sum = sum.map { tape.add($0, part) } ?? part
    }
    return sum ?? read
  }

  /// The weights of a row's experts, `[rows, used]`, in the order of the experts' numbers.
  private func weights(
    _ scores: Variable<Scalar>, _ chosen: [[Int]], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    // Probabilities divided by their sum are the softmax of the chosen scores alone.
    shape.isNormalised
      ? tape.softmaxRows(tape.gatherColumns(scores, perRow: chosen))
      : tape.gatherColumns(tape.softmaxRows(scores), perRow: chosen)
  }

  /// The columns of a row's largest numbers, in rising order; of equal ones the first.
  private static func largest(_ scores: Tensor<Scalar>, row: Int, _ count: Int) -> [Int] {
    let values = scores.unsafePointer + row * scores.width
    let order = (0..<scores.width).sorted {
      values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1]
    }
    return order.prefix(count).sorted()
  }
}
