internal import Models

/// What a training holds in memory for each position of its examples, as far as a model's shape tells.
struct StepMemory: Sendable {
  /// Floats that a step's gradient needs of a row, through all layers, beside attention's weights.
  private let tapeFloats: Int
  /// Weights of attention of a row for each position that it sees.
  private let attentionFloats: Int
  /// Floats that are kept of a row's unchanged run: states, keys and values.
  let keptFloats: Int
  /// Floats of a row of logits.
  private let logitFloats: Int

  /// Of the program and its libraries, and of tensors that are kept for the next ones.
  static let fixedBytes = TraceMemory.fixedBytes + 192 << 20

  /// - Parameter shape: Nil for models that are no decoders, of so many layers of a width.
  init(_ shape: DecoderShape?, layers: Int, width: Int, answers: Int) {
    logitFloats = answers
    guard let shape else {
      (tapeFloats, attentionFloats, keptFloats) = (layers * 16 * width, 0, layers * 2 * width)
      return
    }
    tapeFloats =
      shape.layers
      * (8 * shape.width + 3 * shape.queryWidth + 4 * shape.keyWidth + 6 * shape.mlpWidth)
    attentionFloats = 2 * shape.layers * shape.heads
    keptFloats = 2 * shape.width + 2 * shape.layers * shape.keyWidth
  }

  init(_ model: any TrainableModel<Float>, answers: Int) {
    self.init(
      (model as? DecoderModel<Float>)?.shape,
      layers: model.sites.map(\.layers.upperBound).max() ?? 1, width: model.inputLimits.width,
      answers: answers)
  }

  /// Bytes of a compute thread: a microbatch of examples of so many positions, with its gradient, and
  /// the logits of as many as are looked at together without one. Half as much again for gradients
  /// that live at once: ranks of `jobs/das-ioi-smollm2.toml` peak at 0.9 GB beside the weights.
  func threadBytes(_ examples: Int, of length: Int, evaluated: Int) -> Int {
    6
      * (examples * length * (tapeFloats + length * attentionFloats)
        + 4 * max(examples, evaluated) * logitFloats)
  }
}
