public import Inputs

/// A GGUF file of version 2 or 3, little-endian, with its header checked completely.
///
/// Shapes are row-major, so a matrix of the file's dimensions `[columns, rows]` has the shape
/// `[rows, columns]`. The rows of Llama's query and key weights are as the file orders them.
public struct GGUFFile: TensorContainer {
  /// The path as it was given.
  public let path: String
  /// The version of the format, 2 or 3.
  public let version: Int
  /// The typed keys and values.
  public let metadata: GGUFMetadata
  /// Every tensor, by its name.
  public let tensors: [String: TensorDescription]
  let bytes: BoundedFile

  /// Opens the file and checks its header; reads no tensor.
  public init(_ path: String) throws(Refusal) {
    bytes = try BoundedFile(path, kind: .model)
    let header = try GGUFHeader(bytes)
    self.path = path
    version = header.version
    metadata = header.metadata
    tensors = try tensorsByName(header.tensors, kind: .model)
  }

  /// A model, for every refusal.
  public var kind: Refusal.Kind { .model }

  /// This file.
  public func file(of tensor: TensorDescription) -> BoundedFile { bytes }
}
