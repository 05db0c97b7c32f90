public import Autodiff
public import Tensors

/// A transformer of one stack with its weights: a decoder, or an encoder whose rows see each other.
public struct DecoderModel<Scalar: Real>: Sendable {
  public struct Layer: Sendable {
    var attentionNorm, attentionOutputNorm, mlpNorm, mlpOutputNorm: Norm<Scalar>?
    var attention: Attention<Scalar>
    var crossNorm: Norm<Scalar>?
    var cross: Attention<Scalar>?
    var mlp: Network<Scalar>
  }

  /// What a block does to each row by itself.
  public enum Network<Element: Real>: Sendable {
    case one(FeedForward<Element>)
    case experts(Experts<Element>)

    func callAsFunction(
      _ read: Variable<Element>, on tape: Tape<Element>,
      visit: (Site, Variable<Element>) -> Variable<Element>
    ) -> Variable<Element> {
      switch self {
      case .one(let network): network(read, on: tape, visit: visit)
      case .experts(let networks): networks(read, on: tape, visit: visit)
      }
    }
  }

  public let shape: DecoderShape
  /// Where the weights stand in published files.
  public let names: PublishedNames
  let held: HeldWeights<Scalar>
  let front: Front<Scalar>
  public let layers: [Layer]
  let end: End<Scalar>
  /// Sites that cost something to show, and are shown because someone will look at them.
  var shown: Set<Site> = []

  /// The embeddings of tokens, before any position is added, `[rows, width]`.
  public func tokenEmbeddings(_ tokens: [Int], on tape: Tape<Scalar>) -> Variable<Scalar> {
    front.tokenEmbeddings(tokens, on: tape)
  }

  /// What enters the model, before any position is added, `[rows, width]`.
  public func embeddings(
    of inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    switch inputs {
    case .tokens(let tokens), .segments(let tokens, _): front.embeddings(of: tokens, on: tape)
    case .embeddings(let embeddings): Variable(.concatenated(embeddings))
    case .images(let images): front.embeddings(ofImages: images, on: tape)
    case .features(let features): front.embeddings(ofFeatures: features, on: tape)
    case .pairs: preconditionFailure("pairs for a model of one stack")
    }
  }

  /// The rows of a batch of inputs.
  public func batch(of inputs: ModelInputs<Scalar>) -> Batch {
    var batch = Batch(lengths: inputs.extents[shape.extent])
    if case .segments(_, let kinds) = inputs { batch.segments = kinds.flatMap(\.self) }
    switch inputs {
    case .tokens(let tokens), .segments(let tokens, _):
      batch.embeddedPositions = front.shape.positions(of: tokens)
    case .embeddings, .images, .features, .pairs: break
    }
    return batch
  }

  /// The rows that have logits, if not all do.
  public func rowsWithLogits(_ batch: Batch) -> [Int]? {
    shape.head.isOfFirstRow ? batch.sequences.map(\.rows.lowerBound) : nil
  }

  /// The stream that enters the first block: the tokens' embeddings plus the positions'.
  public func stream(of embeddings: Variable<Scalar>, in run: Run<Scalar>) -> Variable<Scalar> {
    front(embeddings, in: run)
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

  /// The stream as the head reads it, `[rows, width]`.
  public func finalNorm(_ stream: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    end.norm.map { $0(stream, on: tape) } ?? stream
  }

  /// The logits of normalised rows, `[rows, vocabulary]`.
  public func head(_ read: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    end.logits(read, on: tape)
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
    let wanted = wanted ?? rowsWithLogits(run.batch)
    guard !shown.isDisjoint(with: [.finalNormOutput, .logits]) else {
      return logits(wanted.map { tape.rows(stream, $0) } ?? stream, on: tape)
    }
    var read = run.visit(.finalNormOutput, 0, finalNorm(stream, on: tape))
    if let first = rowsWithLogits(run.batch) {
      read = tape.rows(read, first)
      return run.visit(.logits, 0, head(read, on: tape))
    }
    let all = run.visit(.logits, 0, head(read, on: tape))
    return wanted.map { tape.rows(all, $0) } ?? all
  }
}
