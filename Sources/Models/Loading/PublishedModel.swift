public import Checkpoints
internal import Foundation
public import Inputs
public import Tensors

/// A decoder in published files, checked: every weight is there and has the size that the
/// configuration says. No weight has been read yet.
public struct PublishedModel: Sendable {
  /// The families that can be read.
  public static let architectures: [any Architecture.Type] = [GPT2.self, Llama.self]

  public let checkpoint: Checkpoint
  public let architecture: any Architecture.Type
  public let shape: DecoderShape
  /// Tensors of the files that the model has no use for; worth a warning.
  public let unusedTensors: [String]
  let arena: WeightArena
  private let places: [DecoderWeight: PublishedWeight]
  private let names: PublishedNames

  /// Opens a model folder or a GGUF file.
  public init(_ path: String) throws(Refusal) {
    try self.init(Checkpoint(path))
  }

  public init(_ checkpoint: Checkpoint) throws(Refusal) {
    self.checkpoint = checkpoint
    let prefix: String
    let isHuggingFace: Bool
    switch checkpoint.config {
    case .huggingFace(let config):
      let type = try config["model_type"]
      guard let family = Self.architecture(try type.string()) else {
        throw type.refusal(quoted(try type.string()), expected: Self.known)
      }
      architecture = family
      shape = try architecture.shape(config)
      let first = architecture.published(.tokenEmbedding, prefix: architecture.prefix).name
      prefix = checkpoint.tensors[first] == nil ? "" : architecture.prefix
      isHuggingFace = true
    case .gguf(let metadata):
      let type = try metadata["general.architecture"]
      guard let family = Self.architecture(try type.string()) else {
        throw type.refusal(quoted(try type.string()), expected: Self.known)
      }
      architecture = family
      shape = try architecture.shape(checkpoint, metadata)
      prefix = ""
      isHuggingFace = false
    }
    var places: [DecoderWeight: PublishedWeight] = [:]
    for weight in shape.weights {
      let place =
        switch checkpoint.config {
        case .huggingFace: architecture.published(weight, prefix: prefix)
        case .gguf: architecture.publishedInGGUF(weight, shape)
        }
      try Self.check(weight, place, shape, checkpoint)
      places[weight] = place
    }
    self.places = places
    names = PublishedNames(architecture, prefix: isHuggingFace ? prefix : nil)
    arena = WeightArena(shape)
    let used = Set(places.values.map(\.name))
    let architecture = architecture
    unusedTensors = checkpoint.tensors.keys.filter {
      !used.contains($0) && !architecture.isBuffer($0)
    }.sorted()
  }

  private static var known: String {
    "one of " + architectures.map { $0.modelType }.joined(separator: ", ")
  }

  private static func architecture(_ type: String) -> (any Architecture.Type)? {
    architectures.first { $0.modelType == type }
  }

  private static func check(
    _ weight: DecoderWeight, _ place: PublishedWeight, _ shape: DecoderShape,
    _ checkpoint: Checkpoint
  ) throws(Refusal) {
    guard let size = shape.size(of: weight) else { return }
    try checkpoint.check(
      place.name, size: place.storedSize(of: size),
      note: weight == .tokenEmbedding ? "vocab_size \(size[0])" : "")
  }

  /// The published module path of a site, such as `transformer.h[3].mlp.output`; nil where the
  /// value has no module of its own.
  public func modulePath(of site: Site, layer: Int) -> String? {
    ModulePaths.path(of: site, layer: layer, architecture)
  }

  /// Bytes that the weights take in memory, ready for products.
  public var byteCount: Int { arena.count * MemoryLayout<Float>.stride }

  /// Reads every weight into `memory` of `byteCount` bytes, aligned to 64, laid out for products.
  public func read(into memory: UnsafeMutablePointer<Float>) throws(Refusal) {
    for weight in shape.weights {
      guard let place = places[weight], let size = shape.size(of: weight) else { continue }
      let tensor = try checkpoint.tensor(place.name)
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.count)
      defer { buffer.deallocate() }
      try checkpoint.read(place.name, into: buffer)
      if let base = buffer.baseAddress {
        arena.store(weight, size, place, UnsafePointer(base), into: memory)
      }
    }
  }

  /// The model over weights that `read(into:)` has laid out in memory that `owner` keeps.
  public func model(
    over memory: UnsafeMutablePointer<Float>, owner: any AnyObject & Sendable
  ) -> DecoderModel<Float> {
    DecoderModel(
      shape, names: names,
      matrix: { arena.matrix($0, over: memory, owner: owner) },
      vector: { arena.vector($0, over: memory, owner: owner) })
  }

  /// Reads the weights into memory of this process.
  public func load() throws(Refusal) -> DecoderModel<Float> {
    let memory = try OwnedMemory(count: arena.count)
    try read(into: memory.base)
    return model(over: memory.base, owner: memory)
  }

  /// The model without its weights, for what hangs on shapes alone; not to be run.
  ///
  /// Its memory is never touched, so it takes addresses alone.
  public func outline() throws(Refusal) -> DecoderModel<Float> {
    let memory = try OwnedMemory(count: arena.count)
    return model(over: memory.base, owner: memory)
  }
}

/// Floats of this process, aligned for the kernels.
private final class OwnedMemory: @unchecked Sendable {  // written before it is shared
  let base: UnsafeMutablePointer<Float>

  /// - Throws: `resources`, where a limit leaves no room for so many.
  init(count: Int) throws(Refusal) {
    let size = max(count, 1) * MemoryLayout<Float>.stride
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, size) == 0, let memory else {
      throw Refusal(
        .resources, field: "address space", found: "no room for \(size) bytes of weights",
        expected: "room for them: ulimit -v, or the job's limit on a cluster, is lower")
    }
    base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { free(base) }
}

extension Architecture {
  /// The vocabulary of a GGUF file: the embedding's rows, which the tokenizer must agree with.
  static func vocabulary(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata
  ) throws(Refusal) -> Int {
    let embedding = try checkpoint.tensor("token_embd.weight")
    guard embedding.shape.count == 2, let rows = embedding.shape.first, rows > 0 else {
      throw Refusal(
        .model, file: metadata.file, field: embedding.name, found: "shape \(embedding.shape)",
        expected: "[vocabulary, width]")
    }
    if let tokens = metadata.optional("tokenizer.ggml.tokens") {
      let count = try tokens.count()
      guard count == rows else {
        throw tokens.refusal(
          "\(count) tokens for token_embd.weight of \(rows) rows", expected: "\(rows) tokens")
      }
    }
    for name in ["bos", "eos", "padding", "unknown"] {
      if let id = metadata.optional("tokenizer.ggml.\(name)_token_id") {
        _ = try id.int(in: 0...rows - 1)
      }
    }
    return rows
  }
}
