public import Autodiff
public import Tensors

/// A decoder-only transformer with its weights.
public struct DecoderModel<Scalar: Real>: Sendable {
  public struct Layer: Sendable {
    var attentionNorm: Norm<Scalar>
    var query, key, value, attentionOutput: Linear<Scalar>
    var mlpNorm: Norm<Scalar>
    var gate: Linear<Scalar>?
    var up, down: Linear<Scalar>
  }

  /// A table with a row for each token or position.
  public enum Embedding: Sendable {
    /// Packed as a matrix `[rows, width]`, which the output head may share.
    case packed(PackedMatrix<Scalar>)
    case table(Variable<Scalar>)

    func rows(_ indices: [Int], on tape: Tape<Scalar>) -> Variable<Scalar> {
      switch self {
      case .packed(let matrix): Variable(matrix.rows(indices))
      case .table(let table): tape.rows(table, indices)
      }
    }

    /// The table itself, `[rows, width]`; copied out of the panels if packed.
    var value: Tensor<Scalar> {
      switch self {
      case .packed(let matrix): matrix.unpacked()
      case .table(let table): table.value
      }
    }

    /// The table as an output head: the products of a row with each of its rows.
    var asHead: Linear<Scalar> {
      switch self {
      case .packed(let matrix): .frozen(FrozenLinear(matrix))
      case .table(let table): .trained(weight: table, bias: nil)
      }
    }
  }

  public let shape: DecoderShape
  /// Where the weights stand in published files.
  public let names: PublishedNames
  public var tokenEmbedding: Embedding
  public var positionEmbedding: Embedding?
  public var layers: [Layer]
  public var finalNorm: Norm<Scalar>
  public var head: Linear<Scalar>
  let rotary: RotaryTable<Scalar>?
  /// Sites that cost something to show, and are shown because someone will look at them.
  var shown: Set<Site> = []

  /// The embeddings of tokens, before any position is added, `[rows, width]`.
  public func tokenEmbeddings(_ tokens: [Int], on tape: Tape<Scalar>) -> Variable<Scalar> {
    tokenEmbedding.rows(tokens, on: tape)
  }

  /// The stream that enters the first block: the tokens' embeddings plus the positions'.
  public func stream(of embeddings: Variable<Scalar>, in run: Run<Scalar>) -> Variable<Scalar> {
    let embeddings = run.visit(.tokenEmbeddingOutput, 0, embeddings)
    guard let positionEmbedding else { return embeddings }
    let positions = positionEmbedding.rows(run.batch.positions.map(Int.init), on: run.tape)
    return run.tape.add(embeddings, run.visit(.positionEmbeddingOutput, 0, positions))
  }

  /// The residual stream after the last block, `[rows, width]`.
  ///
  /// - Parameter tokens: The token of each row.
  public func callAsFunction(_ tokens: [Int], in run: Run<Scalar>) -> Variable<Scalar> {
    precondition(tokens.count == run.batch.rowCount, "\(tokens.count) tokens for the batch")
    return blocks(
      0..<shape.layers, stream(of: tokenEmbeddings(tokens, on: run.tape), in: run), in: run)
  }

  /// Runs consecutive blocks on the stream, `[rows, width]`.
  public func blocks(
    _ range: Range<Int>, _ x: Variable<Scalar>, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    range.reduce(x) { x, layer in block(layer, x, in: run) }
  }

  /// The logits of rows of the last block's output, `[rows, vocabulary]`.
  public func logits(_ stream: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    head(finalNorm(stream, on: tape), on: tape)
  }

  /// The logits of all rows of a run, or of some, where someone may look at them on their way.
  ///
  /// - Parameter wanted: Rows of the stream; all of them pass the sites if these are shown.
  public func logits(
    _ stream: Variable<Scalar>, of wanted: [Int]? = nil, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let tape = run.tape
    guard !shown.isDisjoint(with: [.finalNormOutput, .logits]) else {
      return logits(wanted.map { tape.rows(stream, $0) } ?? stream, on: tape)
    }
    let read = run.visit(.finalNormOutput, 0, finalNorm(stream, on: tape))
    let all = run.visit(.logits, 0, head(read, on: tape))
    return wanted.map { tape.rows(all, $0) } ?? all
  }
}
