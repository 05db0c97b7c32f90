extension OpenedModel {
  /// The model in a line: its family and its sizes, by the names that files of reports have for them.
  public var description: (name: String, sizes: [(name: String, value: Int)]) {
    switch contents {
    case .decoder(let model):
      let shape = model.shape
      return (
        model.family.modelType,
        [
          ("layers", shape.layers), ("width", shape.width), ("heads", shape.heads),
          ("key_heads", shape.keyHeads), ("vocabulary", shape.vocabulary),
        ]
      )
    case .encoderDecoder(let model):
      let (encoder, decoder) = (model.shape.encoder, model.shape.decoder)
      return (
        model.family.modelType,
        [
          ("encoder_layers", encoder.layers), ("decoder_layers", decoder.layers),
          ("width", decoder.width), ("heads", decoder.heads), ("vocabulary", decoder.vocabulary),
        ]
      )
    case .standalone(let shape, _): return shape.description
    }
  }
}
