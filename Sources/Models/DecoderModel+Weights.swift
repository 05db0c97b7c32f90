internal import Autodiff
public import Tensors

extension DecoderModel {
  /// A model of the layers that the closures give.
  ///
  /// - Parameters:
  ///   - names: Where its weights stand in published files.
  ///   - embedding: The token embedding, which is the output head as well if no head is given.
  ///   - linear: Affine maps by weight and bias; nil where the shape has none.
  ///   - vector: Norms' gains and biases, and the position embedding.
  init(
    _ shape: DecoderShape, names: PublishedNames, embedding: Embedding,
    linear: (DecoderWeight, _ bias: DecoderWeight?) -> Linear<Scalar>?,
    vector: (DecoderWeight) -> Variable<Scalar>?
  ) {
    func present<T>(_ value: T?, _ weight: DecoderWeight) -> T {
      guard let value else { preconditionFailure("the shape has a weight \(weight)") }
      return value
    }
    func norm(_ weight: DecoderWeight, _ bias: DecoderWeight) -> Norm<Scalar> {
      let gain = present(vector(weight), weight)
      guard shape.norm == .layer else { return .rms(weight: gain, epsilon: Scalar(shape.epsilon)) }
      return .layer(
        weight: gain, bias: present(vector(bias), bias), epsilon: Scalar(shape.epsilon))
    }
    self.shape = shape
    self.names = names
    tokenEmbedding = embedding
    positionEmbedding = vector(.positionEmbedding).map { .table($0) }
    layers = (0..<shape.layers).map { layer in
      func map(
        _ weight: DecoderWeight.LayerWeight, _ bias: DecoderWeight.LayerWeight
      ) -> Linear<Scalar> {
        present(linear(.layer(layer, weight), .layer(layer, bias)), .layer(layer, weight))
      }
      return Layer(
        attentionNorm: norm(.layer(layer, .attentionNorm), .layer(layer, .attentionNormBias)),
        query: map(.query, .queryBias), key: map(.key, .keyBias), value: map(.value, .valueBias),
        attentionOutput: map(.attentionOutput, .attentionOutputBias),
        mlpNorm: norm(.layer(layer, .mlpNorm), .layer(layer, .mlpNormBias)),
        gate: linear(.layer(layer, .gate), .layer(layer, .gateBias)), up: map(.up, .upBias),
        down: map(.down, .downBias))
    }
    finalNorm = norm(.finalNorm, .finalNormBias)
    head = linear(.head, nil) ?? embedding.asHead
    rotary = Self.rotary(shape)
  }

  /// A frozen model.
  ///
  /// - Parameters:
  ///   - matrix: Packed matrices by weight; nil where the shape has none.
  ///   - vector: Norms' gains and biases, biases, and the position embedding.
  init(
    _ shape: DecoderShape, names: PublishedNames, matrix: (DecoderWeight) -> PackedMatrix<Scalar>?,
    vector: (DecoderWeight) -> Tensor<Scalar>?
  ) {
    guard let embedding = matrix(.tokenEmbedding) else {
      preconditionFailure("every decoder has a token embedding")
    }
    self.init(
      shape, names: names, embedding: .packed(embedding),
      linear: { weight, bias in
        matrix(weight).map { .frozen(FrozenLinear($0, bias: bias.flatMap(vector))) }
      },
      vector: { vector($0).map { Variable($0) } })
  }

  /// A frozen model whose weights `weights` gives: `[outputs, inputs]`, `[rows, width]`, `[width]`.
  ///
  /// - Parameter names: What the weights are called in published files, GPT-2's or Llama's names by
  ///   the kind of norm unless said.
  public init(
    _ shape: DecoderShape, names: PublishedNames? = nil,
    weights: (DecoderWeight) -> Tensor<Scalar>
  ) {
    func present(_ weight: DecoderWeight) -> Tensor<Scalar>? {
      guard let size = shape.size(of: weight) else { return nil }
      let value = weights(weight)
      precondition(value.shape == size, "\(weight) is \(value.shape), not \(size)")
      return value
    }
    self.init(
      shape, names: names ?? PublishedNames(shape.norm == .layer ? GPT2.self : Llama.self),
      matrix: { present($0).map { PackedMatrix($0) } }, vector: { present($0) })
  }

  static func rotary(_ shape: DecoderShape) -> RotaryTable<Scalar>? {
    guard case .rotary(let frequencies) = shape.positions else { return nil }
    return RotaryTable(frequencies: frequencies)
  }
}
