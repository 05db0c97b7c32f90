public import Checkpoints
public import Inputs
public import Tensors

/// A transformer of two stacks in published files, checked: every weight is there and has the size that
/// the configuration says, and nothing else is there. No weight has been read yet.
public struct PublishedPair: Sendable {
  public let checkpoint: Checkpoint
  public let family: EncoderDecoderFamily
  public let shape: EncoderDecoderShape
  /// What of the configuration means nothing: marks of tools.
  public let marks: [String]
  /// What is worth a word though nothing is wrong; what came from a file is escaped.
  public let notes: [String]
  private let encoder, decoder: PublishedStack

  init(
    _ checkpoint: Checkpoint, _ config: JSONField, _ family: EncoderDecoderFamily
  ) throws(Refusal) {
    (self.checkpoint, self.family) = (checkpoint, family)
    var shape: EncoderDecoderShape
    (shape, marks) = try family.shape(config)
    func names(_ stack: Site.Stack, _ shape: DecoderShape) -> PublishedNames {
      PublishedNames(family.names(stack, shape), shape, in: checkpoint)
    }
    let above = names(.decoder, shape.decoder)
    let below = names(.encoder, shape.encoder)
    // A head that the files lack is the embedding, whatever the configuration says.
    let head = above.place(of: .head, shape.decoder).name
    if checkpoint.tensors[head] == nil { shape.decoder.head.isTied = true }
    let note = try checkpoint.hasOwnHead(above, shape.decoder)
    if note != nil { shape.decoder.head.isTied = false }
    notes =
      try (note.map { [escaped($0)] } ?? []) + config.tokensBeyond(shape.decoder.vocabulary)
    let (own, read) = (shape.decoder, shape.encoder)
    let decoder = try PublishedStack(own, above, in: checkpoint) { above.place(of: $0, own) }
    let encoder = try PublishedStack(read, below, in: checkpoint) { below.place(of: $0, read) }
    (self.shape, self.encoder, self.decoder) = (shape, encoder, decoder)
    let used = encoder.tensors.union(decoder.tensors)
    let buffers = above.modules.buffers + below.modules.buffers
    try checkpoint.refuseLeftOver { name in
      used.contains(name) || (own.head.isTied && name == head)
        || buffers.contains { name.hasSuffix($0) }
    }
  }

  /// Bytes that the weights of both stacks take in memory.
  var byteCount: Int { encoder.arena.byteCount + decoder.arena.byteCount }

  /// Reads the weights into memory of this process.
  public func load() throws(Refusal) -> EncoderDecoderModel<Float> { try model(from: checkpoint) }

  /// The model without its weights, for what hangs on shapes alone; not to be run.
  public func outline() throws(Refusal) -> EncoderDecoderModel<Float> { try model(from: nil) }

  private func model(from files: Checkpoint?) throws(Refusal) -> EncoderDecoderModel<Float> {
    let above = try decoder.load(from: files)
    return EncoderDecoderModel(encoder: try encoder.load(from: files, under: above), decoder: above)
  }
}
