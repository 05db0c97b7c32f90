internal import Autodiff
internal import Tensors

/// A transformer's weights by role, in the form that its layers use.
struct HeldWeights<Scalar: Real>: Sendable {
  enum Entry: Sendable {
    /// A matrix or an embedding that is not trained, `[outputs, inputs]`.
    case packed(PackedMatrix<Scalar>)
    /// A vector, a table or what a tape has.
    case variable(Variable<Scalar>)
  }

  private var entries: [DecoderWeight: Entry]

  init(_ entries: [DecoderWeight: Entry]) { self.entries = entries }

  /// The same with the token embedding of others.
  func withTokens(of others: HeldWeights) -> HeldWeights {
    var held = self
    held.entries[.tokenEmbedding] = others.entries[.tokenEmbedding]
    return held
  }

  /// A weight as roles have it: `[outputs, inputs]`, `[rows, width]` or `[width]`.
  func value(of weight: DecoderWeight) -> Tensor<Scalar>? {
    switch entries[weight] {
    case .packed(let matrix): matrix.unpacked()
    case .variable(let variable): variable.value
    case nil: nil
    }
  }

  func variable(_ weight: DecoderWeight) -> Variable<Scalar>? {
    switch entries[weight] {
    case .variable(let variable): variable
    case .packed(let matrix): Variable(matrix.unpacked())
    case nil: nil
    }
  }

  func table(_ weight: DecoderWeight) -> Front<Scalar>.Table? {
    switch entries[weight] {
    case .packed(let matrix): .packed(matrix)
    case .variable(let variable): .rows(variable)
    case nil: nil
    }
  }

  func linear(_ weight: DecoderWeight) -> Linear<Scalar>? {
    let bias = variable(weight.bias)
    switch entries[weight] {
    case .packed(let matrix) where !(bias?.isTracked ?? false):
      return .frozen(FrozenLinear(matrix, bias: bias?.value))
    case .packed(let matrix): return .trained(weight: Variable(matrix.unpacked()), bias: bias)
    case .variable(let variable): return Linear(variable, bias: bias)
    case nil: return nil
    }
  }

  func norm(_ weight: DecoderWeight, _ shape: NormShape?, width: Int) -> Norm<Scalar>? {
    shape.map {
      Norm($0, width: width, gain: variable(weight), bias: variable(weight.bias))
    }
  }
}
