/// What a transformer's weights are called, and how they are laid out, in a Hugging Face folder.
public struct PublishedNames: Sendable {
  /// The family that names them.
  public let family: Family
  /// What the names of all tensors but the head begin with.
  public let prefix: String

  /// - Parameter prefix: The one of files saved with a head, unless said.
  public init(_ family: Family, prefix: String? = nil) {
    self.family = family
    self.prefix = prefix ?? family.names.prefix
  }

  /// Where a weight of a model of that shape stands.
  public func place(of weight: DecoderWeight, _ shape: DecoderShape) -> PublishedWeight {
    family.names.place(of: weight, prefix: prefix, shape)
  }
}
