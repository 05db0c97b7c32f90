internal import Checkpoints
internal import Cluster
internal import Inputs
internal import JobFiles
internal import Models
internal import Prompts
internal import Tensors

/// A model as all ranks of a run open it: the same on each, its weights once a host.
enum ModelOnRanks {
  /// The model's SHA-256, taken once a host. Collective.
  ///
  /// - Parameter section: What the job says of the model; a digest that it insists on is compared.
  static func digest(
    of checkpoint: Checkpoint, _ section: ModelSection, on world: Communicator
  ) throws(Refusal) -> String {
    let node = try mpiRefusal { () throws(MPIError) in try world.nodeLocal() }
    var digest: [UInt8] = []
    try world.agree {
      if node.rank == 0 { digest = Array(try checkpoint.digest().utf8) }
    }
    try mpiRefusal { () throws(MPIError) in try node.broadcast(&digest) }
    let model = String(decoding: digest, as: UTF8.self)
    if let wanted = section.digest, wanted != model {
      throw Refusal(
        .model, file: section.path.written, found: "the SHA-256 \(model)",
        expected: "\(wanted), as model.digest says")
    }
    return model
  }

  /// Refuses ranks that differ in the program, the processor or what they read. Collective.
  ///
  /// - Parameter checkpoint: The model as this rank opened it: each reads for itself what describes
  ///   the weights, whoever reads them.
  static func compare(
    _ facts: [(String, String)], reading checkpoint: Checkpoint? = nil, on world: Communicator
  ) throws(Refusal) {
    let handshake = try world.agree {
      let outline = try checkpoint.map { checkpoint throws(Refusal) in
        [("model files", try checkpoint.outline())]
      }
      return Handshake(
        binary: try Handshake.ownBinaryDigest(),
        facts: facts + (outline ?? [])
          + [("instruction set", instructionSet()), ("BLAS core", BLAS.coreName)])
    }
    try handshake.compare(on: world)
  }

  /// One copy of a decoder's weights a host, read by its first rank. Collective.
  static func load(
    _ published: PublishedModel, on world: Communicator
  ) throws(Refusal) -> DecoderModel<Float> {
    let memory = try SharedMemory(byteCount: published.byteCount, on: world)
    try world.agree { if memory.isLeader { try published.read(into: memory.base) } }
    try mpiRefusal { () throws(MPIError) in try memory.ready() }
    return published.model(over: memory.base, owner: memory)
  }

  /// A model of any family; other families than decoders are small, and each rank reads its own.
  /// Collective.
  static func load(
    _ opened: OpenedModel, on world: Communicator
  ) throws(Refusal) -> any TrainableModel<Float> {
    if case .decoder(let published) = opened.contents { return try load(published, on: world) }
    return try world.agree { () throws(Refusal) in try opened.load() }
  }
}
