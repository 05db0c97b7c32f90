internal import Autodiff
public import Tensors

extension DecoderModel {
  /// A frozen model.
  ///
  /// - Parameters:
  ///   - matrix: Packed matrices by weight; nil where the shape has none.
  ///   - vector: Norms' gains and biases, biases, and the position embedding.
  init(
    _ shape: DecoderShape, matrix: (DecoderWeight) -> PackedMatrix<Scalar>?,
    vector: (DecoderWeight) -> Tensor<Scalar>?
  ) {
    func present<T>(_ value: T?, _ weight: DecoderWeight) -> T {
      guard let value else { preconditionFailure("the shape has a weight \(weight)") }
      return value
    }
    func linear(_ weight: DecoderWeight, _ bias: DecoderWeight) -> Linear<Scalar> {
      .frozen(FrozenLinear(present(matrix(weight), weight), bias: vector(bias)))
    }
    func norm(_ weight: DecoderWeight, _ bias: DecoderWeight) -> Norm<Scalar> {
      let gain = Variable(present(vector(weight), weight))
      guard shape.norm == .layer else { return .rms(weight: gain, epsilon: Scalar(shape.epsilon)) }
      return .layer(
        weight: gain, bias: Variable(present(vector(bias), bias)), epsilon: Scalar(shape.epsilon))
    }
    self.shape = shape
    let embedding = present(matrix(.tokenEmbedding), .tokenEmbedding)
    tokenEmbedding = .packed(embedding)
    positionEmbedding = vector(.positionEmbedding).map { .table(Variable($0)) }
    layers = (0..<shape.layers).map { layer in
      func name(_ weight: DecoderWeight.LayerWeight) -> DecoderWeight { .layer(layer, weight) }
      return Layer(
        attentionNorm: norm(name(.attentionNorm), name(.attentionNormBias)),
        query: linear(name(.query), name(.queryBias)), key: linear(name(.key), name(.keyBias)),
        value: linear(name(.value), name(.valueBias)),
        attentionOutput: linear(name(.attentionOutput), name(.attentionOutputBias)),
        mlpNorm: norm(name(.mlpNorm), name(.mlpNormBias)),
        gate: matrix(name(.gate)).map {
          .frozen(FrozenLinear($0, bias: vector(name(.gateBias))))
        },
        up: linear(name(.up), name(.upBias)), down: linear(name(.down), name(.downBias)))
    }
    finalNorm = norm(.finalNorm, .finalNormBias)
    head = .frozen(FrozenLinear(matrix(.head) ?? embedding))
    rotary = Self.rotary(shape)
  }

  /// A frozen model whose weights `weights` gives: `[outputs, inputs]`, `[rows, width]`, `[width]`.
  public init(_ shape: DecoderShape, weights: (DecoderWeight) -> Tensor<Scalar>) {
    func present(_ weight: DecoderWeight) -> Tensor<Scalar>? {
      guard let size = shape.size(of: weight) else { return nil }
      let value = weights(weight)
      precondition(value.shape == size, "\(weight) is \(value.shape), not \(size)")
      return value
    }
    self.init(
      shape, matrix: { present($0).map { PackedMatrix($0) } }, vector: { present($0) })
  }

  static func rotary(_ shape: DecoderShape) -> RotaryTable<Scalar>? {
    guard case .rotary(let frequencies) = shape.positions else { return nil }
    return RotaryTable(frequencies: frequencies)
  }
}
