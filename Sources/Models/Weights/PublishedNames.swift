internal import Checkpoints

/// What a transformer's weights are called, and how they are laid out, in a Hugging Face folder.
public struct PublishedNames: Sendable {
  /// What its modules are called.
  public let modules: ModuleNames
  /// What the names of all tensors but the head begin with.
  public let prefix: String

  /// - Parameter prefix: The one of files saved with a head, unless said.
  public init(modules: ModuleNames, prefix: String? = nil) {
    self.modules = modules
    self.prefix = prefix ?? modules.prefix
  }

  public init(_ family: Family, prefix: String? = nil) {
    self.init(modules: family.names, prefix: prefix)
  }

  /// Where a weight of a model of that shape stands.
  public func place(of weight: DecoderWeight, _ shape: DecoderShape) -> PublishedWeight {
    modules.place(of: weight, prefix: prefix, shape)
  }

  /// What the names of all tensors but the head's begin with: files that were saved without a head
  /// leave it out.
  init(_ modules: ModuleNames, _ shape: DecoderShape, in checkpoint: Checkpoint) {
    let whole = modules.prefix
    let parts = whole.split(separator: ".")
    let shorter = parts.indices.map { parts[$0...].map { "\($0)." }.joined() } + [""]
    // A weight that every transformer of the shape has.
    let first = shape.weights.first ?? .tokenEmbedding
    let found = shorter.first { prefix in
      let name = modules.place(of: first, prefix: prefix, shape).name
      return checkpoint.tensors[modules.stored(name, in: checkpoint)] != nil
    }
    self.init(modules: modules, prefix: found ?? whole)
  }
}
