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
    case .backpack(let shape, _):
      return (
        "gpt2 (Backpack)",
        [
          ("layers", shape.decoder.layers), ("width", shape.decoder.width),
          ("heads", shape.decoder.heads), ("senses", shape.senses),
          ("vocabulary", shape.decoder.vocabulary),
        ]
      )
    case .gru(let shape, _):
      let end: (String, Int) =
        switch shape.head {
        case .classifier(let classes): ("classes", classes)
        case .languageModel: ("vocabulary", shape.vocabulary)
        }
      return (GRUShape.modelType, [("layers", shape.layers), ("width", shape.width), end])
    case .mlp(let shape, _):
      return (
        MLPShape.modelType,
        [("layers", shape.layers), ("width", shape.width), ("classes", shape.classes)]
      )
    case .resNet(let shape, _):
      return (
        ResNetShape.modelType,
        [
          ("layers", shape.layers), ("stages", shape.stages.count),
          ("channels", shape.channels), ("classes", shape.classes),
        ]
      )
    }
  }
}
