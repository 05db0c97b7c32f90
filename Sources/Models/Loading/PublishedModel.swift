public import Checkpoints
internal import Foundation
public import Inputs
public import Tensors

/// A transformer of one stack in published files, checked: every weight is there and has the size that
/// the configuration says. No weight has been read yet.
public struct PublishedModel: Sendable {
  public let checkpoint: Checkpoint
  public let family: Family
  public let shape: DecoderShape
  /// Tensors of the files that the model has no use for; worth a warning.
  public let unusedTensors: [String]
  /// What of the configuration means nothing: marks of tools.
  public let marks: [String]
  /// What is worth a word though nothing is wrong; what came from a file is escaped.
  public let notes: [String]
  let arena: WeightArena
  private let places: [DecoderWeight: PublishedWeight]
  private let names: PublishedNames

  /// Opens a model folder or a GGUF file.
  public init(_ path: String) throws(Refusal) {
    try self.init(Checkpoint(path))
  }

  public init(_ checkpoint: Checkpoint) throws(Refusal) {
    self.checkpoint = checkpoint
    switch checkpoint.config {
    case .huggingFace(let config):
      let type = try config["model_type"]
      guard let family = Family.named(try type.string()) else {
        throw type.refusal(quoted(try type.string()), expected: Family.known)
      }
      self.family = family
      (shape, marks) = try family.shape(ConfigReader(config))
      names = PublishedNames(family, prefix: Self.prefix(of: family, shape, in: checkpoint))
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
    var places: [DecoderWeight: PublishedWeight] = [:]
    for weight in shape.weights {
      var place =
        switch checkpoint.config {
        case .huggingFace: names.place(of: weight, shape)
        case .gguf: family.placeInGGUF(of: weight, shape, in: checkpoint)
        }
      place.name = family.names.stored(place.name, in: checkpoint)
      try Self.check(weight, place, shape, checkpoint)
      places[weight] = place
    }
    self.places = places
    arena = WeightArena(shape)
    let used = Set(places.values.map(\.name))
    let (family, isTied) = (self.family, shape.head.isTied)
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
    unusedTensors = checkpoint.tensors.keys.filter {
      !used.contains($0) && !family.isBuffer($0) && !(isTied && $0 == head)
    }.sorted()
  }

  /// What the names of all tensors but the head's begin with: files that were saved without a head
  /// leave it out.
  private static func prefix(
    of family: Family, _ shape: DecoderShape, in checkpoint: Checkpoint
  ) -> String {
    let whole = family.names.prefix
    let parts = whole.split(separator: ".")
    let shorter = parts.indices.map { parts[$0...].map { "\($0)." }.joined() } + [""]
    return shorter.first { prefix in
      let name = family.names.place(of: .tokenEmbedding, prefix: prefix, shape).name
      return checkpoint.tensors[family.names.stored(name, in: checkpoint)] != nil
    } ?? whole
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
    ModulePaths.path(of: site, layer: layer, family.names.paths(shape))
  }

  /// Bytes that the weights take in memory, ready for products.
  public var byteCount: Int { arena.count * MemoryLayout<Float>.stride }

  /// Reads every weight into `memory` of `byteCount` bytes, aligned to 64, laid out for products.
  public func read(into memory: UnsafeMutablePointer<Float>) throws(Refusal) {
    // Weights that are stored together are read together.
    var order: [String] = []
    var stored: [String: [DecoderWeight]] = [:]
    for weight in shape.weights {
      guard let name = places[weight]?.name else { continue }
      if stored[name] == nil { order.append(name) }
      stored[name, default: []].append(weight)
    }
    for name in order {
      let tensor = try checkpoint.tensor(name)
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.count)
      defer { buffer.deallocate() }
      try checkpoint.read(name, into: buffer)
      guard let base = buffer.baseAddress else { continue }
      for weight in stored[name] ?? [] {
        guard let place = places[weight], let size = shape.size(of: weight) else { continue }
        arena.store(weight, size, place, UnsafePointer(base), into: memory)
      }
    }
  }

  /// The model over weights that `read(into:)` has laid out in memory that `owner` keeps.
  public func model(
    over memory: UnsafeMutablePointer<Float>, owner: any AnyObject & Sendable
  ) -> DecoderModel<Float> {
    DecoderModel(shape, names: names, arena.held(over: memory, owner: owner))
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
