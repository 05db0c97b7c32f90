import Interventions
import Models
import Tensors

/// The matrix products of a trace, by shape: what no engine on these products can be quicker than.
struct ProductFloor {
  private let shape: DecoderShape
  /// How often each product is made, by rows, inputs and outputs.
  private var counts: [[Int]: Int] = [:]

  init(_ shape: DecoderShape) { self.shape = shape }

  private mutating func add(_ rows: Int, _ inputs: Int, _ outputs: Int) {
    if rows > 0 { counts[[rows, inputs, outputs], default: 0] += 1 }
  }

  /// The products of one block that makes all of its rows.
  mutating func block(rows: Int) {
    block(SweepPlan.Pass(rows: rows, attentionRows: rows, mlpRows: rows))
  }

  /// The products of one block of a staircase; of a model whose blocks are alike.
  mutating func block(_ pass: SweepPlan.Pass) {
    add(pass.attentionRows, shape.width, shape.queryWidth)
    add(pass.rows, shape.width, shape.keyWidth)
    add(pass.rows, shape.width, shape.keyWidth)
    add(pass.attentionRows, shape.queryWidth, shape.width)
    if shape.blocks[0].mlp.form.isGated { add(pass.mlpRows, shape.width, shape.mlpWidth) }
    add(pass.mlpRows, shape.width, shape.mlpWidth)
    add(pass.mlpRows, shape.mlpWidth, shape.width)
  }

  mutating func logits(rows: Int) { add(rows, shape.width, shape.vocabulary) }

  var operations: Double {
    counts.reduce(0) { $0 + 2 * Double($1.key.reduce(1, *)) * Double($1.value) }
  }

  /// The time of all products alone: each shape's best of a few runs, times its count.
  func seconds() -> Double {
    var weights: [[Int]: PackedMatrix<Float>] = [:]
    var total = 0.0
    for (product, count) in counts {
      let size = [product[2], product[1]]
      let weight =
        weights[size] ?? PackedMatrix(Tensor<Float>(repeating: 0.01, size))
      weights[size] = weight
      let x = Tensor<Float>(repeating: 0.5, [product[0], product[1]])
      var best = Double.infinity
      for _ in 0..<3 { best = min(best, CausewayBenchmarks.seconds { _ = weight.product(x) }) }
      total += best * Double(count)
    }
    return total
  }
}
