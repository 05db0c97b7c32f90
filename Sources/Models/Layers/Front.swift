internal import Autodiff
internal import Tensors

/// What makes the first block's stream of tokens.
struct Front<Scalar: Real>: Sendable {
  /// A table with a row for each token or position.
  enum Table: Sendable {
    /// Packed as a matrix `[rows, width]`, which the output head may share.
    case packed(PackedMatrix<Scalar>)
    case rows(Variable<Scalar>)

    func rows(_ indices: [Int], on tape: Tape<Scalar>) -> Variable<Scalar> {
      switch self {
      case .packed(let matrix): Variable(matrix.rows(indices))
      case .rows(let table): tape.rows(table, indices)
      }
    }

    /// The table as an output head: the products of a row with each of its rows.
    func head(bias: Variable<Scalar>?) -> Linear<Scalar> {
      switch self {
      case .packed(let matrix) where !(bias?.isTracked ?? false):
        .frozen(FrozenLinear(matrix, bias: bias?.value))
      case .packed(let matrix): .trained(weight: Variable(matrix.unpacked()), bias: bias)
      case .rows(let table): .trained(weight: table, bias: bias)
      }
    }
  }

  let shape: DecoderShape.Front
  let tokens: Table?
  let pixels: PatchEmbedding<Scalar>?
  let sounds: FrameEmbedding<Scalar>?
  let positions, segments: Table?
  let norm: Norm<Scalar>?
  let projection: Linear<Scalar>?

  func tokenEmbeddings(_ ids: [Int], on tape: Tape<Scalar>) -> Variable<Scalar> {
    guard let tokens else { preconditionFailure("tokens for a model without an embedding") }
    let rows = tokens.rows(ids, on: tape)
    let widened = projection.map { $0(rows, on: tape) } ?? rows
    return shape.scale.map { tape.scale(widened, by: Scalar($0)) } ?? widened
  }

  /// A row for each image and then those of its patches, the images below each other.
  func embeddings(ofImages images: [Tensor<Scalar>], on tape: Tape<Scalar>) -> Variable<Scalar> {
    guard let pixels else { preconditionFailure("images for a model of something else") }
    return pixels(images, on: tape)
  }

  /// Half as many rows as each sound has frames.
  func embeddings(
    ofFeatures features: [Tensor<Scalar>], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    guard let sounds else { preconditionFailure("features for a model of something else") }
    return sounds(features, on: tape)
  }

  /// The embeddings of sequences' tokens, the sequences below each other.
  ///
  /// Where tokens were masked in training, those that stand for masked ones are zero and the others
  /// grow by how many of a sequence these are.
  func embeddings(of sequences: [[Int]], on tape: Tape<Scalar>) -> Variable<Scalar> {
    let rows = tokenEmbeddings(sequences.flatMap(\.self), on: tape)
    guard let masking = shape.masking else { return rows }
    let factors = sequences.flatMap { tokens in
      let masked = tokens.count { $0 == masking.token }
      let seen = 1 - Scalar(masked) / Scalar(max(1, tokens.count))
      let factor = (1 - Scalar(masking.ratio)) / seen
      return tokens.map { $0 == masking.token ? 0 : factor }
    }
    return tape.scaleRows(rows, by: Variable(Tensor([factors.count, 1], factors)))
  }

  /// The first block's stream, of the tokens' embeddings.
  func callAsFunction(
    _ embeddings: Variable<Scalar>, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let tape = run.tape
    var stream = run.visit(.tokenEmbeddingOutput, 0, embeddings)
    if let segments {
      let kinds = run.batch.segments ?? Array(repeating: 0, count: run.batch.rowCount)
      stream = tape.add(stream, segments.rows(kinds, on: tape))
    }
    if let positions {
      let places =
        run.batch.embeddedPositions
        ?? run.batch.positions.map { Int($0) + shape.positionOffset }
      let rows = positions.rows(places, on: tape)
      stream = tape.add(stream, run.visit(.positionEmbeddingOutput, 0, rows))
    }
    return norm.map { $0(stream, on: tape) } ?? stream
  }
}

extension DecoderShape.Front {
  /// The rows of the position embedding of sequences' tokens, where padding tokens are not counted;
  /// nil where they go by position alone.
  func positions(of sequences: [[Int]]) -> [Int]? {
    guard hasPositions, let padding, sequences.contains(where: { $0.contains(padding) }) else {
      return nil
    }
    return sequences.flatMap { tokens in
      var next = positionOffset
      return tokens.map { token in
        if token == padding { return positionOffset - 1 }
        defer { next += 1 }
        return next
      }
    }
  }
}
