public import Inputs

/// A safetensors file, open for reading, with its header checked completely.
public struct SafetensorsFile: TensorContainer {
  /// The path as it was given.
  public let path: String
  /// Every tensor, by its name.
  public let tensors: [String: TensorDescription]
  /// The strings under `__metadata__`.
  public let metadata: [String: String]
  let bytes: BoundedFile

  /// Opens the file and checks its header; reads no tensor.
  ///
  /// - Parameter kind: What a refusal is of; decides the exit code.
  public init(_ path: String, kind: Refusal.Kind = .model) throws(Refusal) {
    bytes = try BoundedFile(path, kind: kind)
    let header = try SafetensorsHeader(bytes)
    self.path = path
    metadata = header.metadata
    tensors = try tensorsByName(header.tensors, kind: kind)
  }

  /// The kind that the file was opened with.
  public var kind: Refusal.Kind { bytes.kind }

  /// This file.
  public func file(of tensor: TensorDescription) -> BoundedFile { bytes }
}
