internal import Autodiff
internal import Models
internal import Tensors

/// Keys and values of sequences that grow: each pass runs over new tokens only.
struct DecoderCache<Scalar: Real> {
  /// Rows of one sequence lie together.
  private var keyValues: KeyValues<Scalar>?
  private var lengths: [Int]

  init(examples: Int) { lengths = Array(repeating: 0, count: examples) }

  /// Runs the model over more tokens of every sequence.
  ///
  /// - Returns: The logits of each sequence's last token, `[examples, vocabulary]`.
  mutating func advance(
    _ model: DecoderModel<Scalar>, _ tokens: [[Int]], on tape: Tape<Scalar>,
    visit: @escaping Run<Scalar>.Visitor
  ) -> Tensor<Scalar> {
    var start = 0
    let batch = Batch(
      zip(tokens, lengths).map { new, length in
        defer { start += length }
        return (count: new.count, prefix: [start..<start + length])
      })
    let run = Run<Scalar>(
      batch, tape: tape, prefix: keyValues, keepsKeyValues: true, visitor: visit)
    let stream = model(tokens.flatMap(\.self), in: run)
    keep(run.kept, tokens.map(\.count))
    let lasts = batch.sequences.map { $0.rows.upperBound - 1 }
    return model.logits(stream, of: lasts, in: run).value
  }

  /// Goes on with other sequences than before, some perhaps twice.
  mutating func reorder(_ order: [Int]) {
    var starts: [Int] = []
    var next = 0
    for length in lengths {
      starts.append(next)
      next += length
    }
    let rows = order.flatMap { Array(starts[$0]..<starts[$0] + lengths[$0]) }
    keyValues = keyValues.map {
      KeyValues(
        keys: $0.keys.map { $0.gathered(rows) }, values: $0.values.map { $0.gathered(rows) })
    }
    lengths = order.map { lengths[$0] }
  }

  /// Puts the new rows of each sequence behind its old ones.
  private mutating func keep(_ new: KeyValues<Scalar>, _ counts: [Int]) {
    defer { lengths = zip(lengths, counts).map { $0 + $1 } }
    guard let old = keyValues else {
      keyValues = new
      return
    }
    var order: [Int] = []
    var (oldRow, newRow) = (0, lengths.reduce(0, +))
    for (length, count) in zip(lengths, counts) {
      order += oldRow..<oldRow + length
      order += newRow..<newRow + count
      oldRow += length
      newRow += count
    }
    func joined(_ a: [Tensor<Scalar>], _ b: [Tensor<Scalar>]) -> [Tensor<Scalar>] {
      zip(a, b).map { Tensor.concatenated([$0, $1]).gathered(order) }
    }
    keyValues = KeyValues(
      keys: joined(old.keys, new.keys), values: joined(old.values, new.values))
  }
}
