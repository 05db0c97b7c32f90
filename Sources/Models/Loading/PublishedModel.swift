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
    let configured: DecoderShape
    switch checkpoint.config {
    case .huggingFace(let config):
      let type = try config["model_type"]
      guard let family = Family.named(try type.string()) else {
        throw type.refusal(quoted(try type.string()), expected: Family.known)
      }
      self.family = family
      (configured, marks) = try family.shape(ConfigReader(config))
      names = PublishedNames(family.names, configured, in: checkpoint)
    case .gguf(let metadata):
      let type = try metadata["general.architecture"]
      guard let family = Family.inGGUF(try type.string()), let gguf = family.gguf else {
        throw type.refusal(quoted(try type.string()), expected: Family.knownInGGUF)
      }
      self.family = family
      (configured, marks) = try family.shape(
        ConfigReader(
          checkpoint, metadata, architecture: gguf.architecture, keys: gguf.keys))
      names = PublishedNames(family)
    }
    var own = configured
    let head = try checkpoint.hasOwnHead(names, configured)
    if head != nil { own.head.isTied = false }
    let (family, shape) = (self.family, own)
    self.shape = shape
    stack = try PublishedStack(shape, names, in: checkpoint) { weight in
      switch checkpoint.config {
      case .huggingFace:
        let place = names.place(of: weight, shape)
        // A head's bias may stand where that of a tied head does.
        return checkpoint.tensors[place.name] == nil && head != nil
          ? names.place(of: weight, configured) : place
      case .gguf: return family.placeInGGUF(of: weight, shape, in: checkpoint)
      }
    }
    let (used, isTied) = (stack.tensors, shape.head.isTied)
    let tied = names.modules.stored(names.place(of: .head, shape).name, in: checkpoint)
    var notes: [String] = []
    if !marks.isEmpty {
      notes.append(
        "\(marks.map { quoted($0) }.joined(separator: ", ")) of config.json: marks of tools")
    }
    if let head { notes.append(escaped(head)) }
    if case .huggingFace(let config) = checkpoint.config {
      notes += try config.tokensBeyond(shape.vocabulary)
    }
    self.notes = notes
    try checkpoint.refuseLeftOver {
      used.contains($0) || family.isBuffer($0) || (isTied && $0 == tied)
    }
  }

  /// The published module path of a site, such as `transformer.h[3].mlp.output`; nil where the
  /// value has no module of its own.
  public func modulePath(of site: Site, layer: Int) -> String? {
    ModulePaths.path(of: site, layer: layer, family.names.paths(shape))
  }

  /// Bytes that the weights take in memory, ready for products: matrices of two bytes a weight or less
  /// stay as their file has them.
  public var byteCount: Int { stack.arena.byteCount }

  /// Reads every weight into `memory` of `byteCount` bytes, aligned to 64, laid out for products.
  public func read(into memory: UnsafeMutableRawPointer) throws(Refusal) {
    try stack.read(from: checkpoint, into: memory)
  }

  /// The model over weights that `read(into:)` has laid out in memory that `owner` keeps.
  public func model(
    over memory: UnsafeMutableRawPointer, owner: any AnyObject & Sendable
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

extension JSONField {
  /// A line for each special token of a configuration that is no token of the vocabulary, which leaves
  /// the forward pass as it is.
  func tokensBeyond(_ vocabulary: Int) throws(Refusal) -> [String] {
    guard vocabulary > 0 else { return [] }
    var lines: [String] = []
    for (key, field) in try members() where key.hasSuffix("_token_id") {
      guard case .number(let number) = field.value, let id = number.int,
        !(0..<vocabulary).contains(id)
      else { continue }
      lines.append(
        "\(quoted(key)) of config.json is \(id), which is no token from 0 to \(vocabulary - 1)")
    }
    return lines
  }
}
