public import Checkpoints
public import Inputs
public import Tensors

/// A transformer of one stack in published files, checked: every weight is there and has the size that
/// the configuration says, and nothing else is there. No weight has been read yet.
public struct PublishedModel: Sendable {
  public let checkpoint: Checkpoint
  public let family: Family
  public let shape: DecoderShape
  /// What of the configuration means nothing: marks of tools.
  public let marks: [String]
  /// What is worth a word though nothing is wrong; what came from a file is escaped.
  public let notes: [String]
  let stack: PublishedStack

  /// Opens a model folder or a GGUF file.
  public init(_ path: String) throws(Refusal) {
    try self.init(Checkpoint(path))
  }

  public init(_ checkpoint: Checkpoint) throws(Refusal) {
    self.checkpoint = checkpoint
    let names: PublishedNames
    switch checkpoint.config {
    case .huggingFace(let config):
      let type = try config["model_type"]
      guard let family = Family.named(try type.string()) else {
        throw type.refusal(quoted(try type.string()), expected: Family.known)
      }
      self.family = family
      (shape, marks) = try family.shape(ConfigReader(config))
      names = PublishedNames(family.names, shape, in: checkpoint)
    case .gguf(let metadata):
      let type = try metadata["general.architecture"]
      guard let family = Family.inGGUF(try type.string()), let gguf = family.gguf else {
        throw type.refusal(quoted(try type.string()), expected: Family.knownInGGUF)
      }
      self.family = family
      (shape, marks) = try family.shape(
        ConfigReader(
          checkpoint, metadata, architecture: gguf.architecture, keys: gguf.keys))
      names = PublishedNames(family)
    }
    let (family, shape) = (self.family, self.shape)
    stack = try PublishedStack(shape, names, in: checkpoint) { weight in
      switch checkpoint.config {
      case .huggingFace: names.place(of: weight, shape)
      case .gguf: family.placeInGGUF(of: weight, shape, in: checkpoint)
      }
    }
    let (used, isTied) = (stack.tensors, shape.head.isTied)
    let head = names.place(of: .head, shape).name
    var notes: [String] = []
    if !marks.isEmpty {
      notes.append(
        "\(marks.map { quoted($0) }.joined(separator: ", ")) of config.json: marks of tools")
    }
    if isTied, checkpoint.tensors[head] != nil, case .huggingFace = checkpoint.config {
      let embedding = names.place(of: .tokenEmbedding, shape).name
      notes.append("\(head) is not read: by tie_word_embeddings the head is \(embedding)")
    }
    self.notes = notes
    try checkpoint.refuseLeftOver {
      used.contains($0) || family.isBuffer($0) || (isTied && $0 == head)
    }
  }

  /// The published module path of a site, such as `transformer.h[3].mlp.output`; nil where the
  /// value has no module of its own.
  public func modulePath(of site: Site, layer: Int) -> String? {
    ModulePaths.path(of: site, layer: layer, family.names.paths(shape))
  }

  /// Bytes that the weights take in memory, ready for products.
  public var byteCount: Int { stack.arena.count * MemoryLayout<Float>.stride }

  /// Reads every weight into `memory` of `byteCount` bytes, aligned to 64, laid out for products.
  public func read(into memory: UnsafeMutablePointer<Float>) throws(Refusal) {
    try stack.read(from: checkpoint, into: memory)
  }

  /// The model over weights that `read(into:)` has laid out in memory that `owner` keeps.
  public func model(
    over memory: UnsafeMutablePointer<Float>, owner: any AnyObject & Sendable
  ) -> DecoderModel<Float> {
    stack.model(over: memory, owner: owner)
  }

  /// Reads the weights into memory of this process.
  public func load() throws(Refusal) -> DecoderModel<Float> { try stack.load(from: checkpoint) }

  /// The model without its weights, for what hangs on shapes alone; not to be run.
  ///
  /// Its memory is never touched, so it takes addresses alone.
  public func outline() throws(Refusal) -> DecoderModel<Float> { try stack.load(from: nil) }
}
