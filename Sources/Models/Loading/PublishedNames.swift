/// What a decoder's weights are called, and how they are laid out, in a Hugging Face folder.
public struct PublishedNames: Sendable {
  /// The family that names them.
  public let architecture: any Architecture.Type
  /// What the names of all tensors but the head begin with.
  public let prefix: String

  /// - Parameter prefix: The one of files saved with a head, unless said.
  public init(_ architecture: any Architecture.Type, prefix: String? = nil) {
    self.architecture = architecture
    self.prefix = prefix ?? architecture.prefix
  }

  /// Where a weight stands.
  public func place(of weight: DecoderWeight) -> PublishedWeight {
    architecture.published(weight, prefix: prefix)
  }
}
