internal import Foundation
public import Inputs

/// A model's published files: a Hugging Face folder or a GGUF file, open for reading.
///
/// A folder holds `config.json` and either `model.safetensors` or
/// `model.safetensors.index.json` with its shards; a folder with both is refused, since readers
/// disagree on which of the two counts. Where neither is there, `pytorch_model.bin` or its index
/// is read in the same way. Weights may be links that leave the folder. A name such as
/// `openai-community/gpt2` stands for its snapshot in Hugging Face's cache.
public struct Checkpoint: TensorContainer {
  /// What describes the model beside its tensors.
  public enum Configuration: Sendable {
    /// The object in `config.json`.
    case huggingFace(JSONField)
    /// The metadata of a GGUF file, `general.architecture` among it.
    case gguf(GGUFMetadata)
  }

  /// The folder or file as it was given, or the snapshot that was found for a name.
  public let path: String
  /// What the publisher says about the model.
  public let config: Configuration
  /// What was put up with in the files and is worth telling, each in one line without a full stop.
  public let notes: [String]
  let weights: any TensorContainer
  /// Every file that makes the model, in the order in which `digest()` takes them.
  let files: [BoundedFile]

  /// Opens a model folder or a GGUF file and checks every header; reads no tensor.
  ///
  /// - Parameter cache: Where a name is looked for that is no path.
  public init(_ path: String, cache: HubCache = HubCache()) throws(Refusal) {
    let path = try cache.model(at: path)
    self.path = path
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
      let configFile = try BoundedFile("\(folder)/config.json", kind: .model)
      let json = try JSON.parse(
        try configFile.jsonBytes(limit: 64 << 20), file: configFile.path, kind: .model,
        values: 100_000)
      let config = JSONField(json, file: configFile.path, kind: .model)
      _ = try config.object()
      self.config = .huggingFace(config)
      let (stored, files) = try Self.weights(in: folder, after: configFile)
      self.files = files
      if let unprefixed = UnprefixedWeights(stored) {
        weights = unprefixed
        notes = ["every tensor's name begins with \(unprefixed.prefix), which is left out"]
      } else {
        (weights, notes) = (stored, [])
      }
    } else {
      let file = try Self.gguf(path)
      config = .gguf(file.metadata)
      (weights, notes) = (file, [])
      files = [file.bytes]
    }
  }

  /// A model, for every refusal.
  public var kind: Refusal.Kind { .model }

  /// Every tensor of every weights file, by its name there, less a wrapper's that all begin with.
  public var tensors: [String: TensorDescription] { weights.tensors }

  /// The opened weights file that holds a tensor.
  public func file(of tensor: TensorDescription) -> BoundedFile { weights.file(of: tensor) }

  /// Compares a tensor's bytes with their checksum, where its file has one.
  public func verify(_ tensor: TensorDescription) throws(Refusal) { try weights.verify(tensor) }

  /// SHA-256 over the bytes of the model's files, one after another, as 64 hexadecimal digits.
  ///
  /// The order is `config.json`, the index if there is one, then the weights files in the byte
  /// order of their names: `cat config.json model.safetensors | sha256sum`. For a GGUF file it is
  /// the file's own. Reads every byte.
  public func digest() throws(Refusal) -> String {
    var digest = Digest()
    for file in files { try file.update(&digest) }
    return digest.hexadecimal()
  }

  /// SHA-256 over the size and the first mebibyte of each of the model's files: enough to tell apart
  /// what is read of them before any tensor, and small models whole.
  public func outline() throws(Refusal) -> String {
    var digest = Digest()
    for file in files {
      withUnsafeBytes(of: Int64(file.size).littleEndian) { digest.update($0) }
      let head = try file.bytes(at: 0, count: min(file.size, 1 << 20))
      head.withUnsafeBytes { digest.update($0) }
    }
    return digest.hexadecimal()
  }

  /// The weights of a folder, and all files of the digest.
  private static func weights(
    in folder: String, after config: BoundedFile
  ) throws(Refusal) -> (any TensorContainer, [BoundedFile]) {
    if let found = try weights(SafetensorsFile.self, in: folder, after: config) { return found }
    if let found = try weights(PyTorchFile.self, in: folder, after: config) { return found }
    throw Refusal(
      .model, file: folder, found: "no weights",
      expected: "\(SafetensorsFile.singleName), \(ShardedSafetensors.indexName) or "
        + PyTorchFile.singleName)
  }

  /// The weights in files of one format; nil if there is none.
  private static func weights<File: WeightsFile>(
    _: File.Type, in folder: String, after config: BoundedFile
  ) throws(Refusal) -> (any TensorContainer, [BoundedFile])? {
    let (single, index) = (File.singleName, ShardedWeights<File>.indexName)
    switch (isPresent("\(folder)/\(single)"), isPresent("\(folder)/\(index)")) {
    case (true, true):
      throw Refusal(
        .model, file: folder, found: "both \(single) and \(index)",
        expected: "one of them; remove the one that is not meant")
    case (true, false):
      let file = try File("\(folder)/\(single)", kind: .model)
      return (file, [config, file.bytes])
    case (false, true):
      let sharded = try ShardedWeights<File>(folder: folder)
      return (sharded, [config, sharded.index] + sharded.shards.map(\.bytes))
    case (false, false): return nil
    }
  }

  private static func gguf(_ path: String) throws(Refusal) -> GGUFFile {
    if !path.lowercased().hasSuffix(".gguf") {
      let file = try BoundedFile(path, kind: .model)
      let magic = try file.bytes(at: 0, count: min(file.size, 4))
      guard magic.elementsEqual("GGUF".utf8) else {
        throw Refusal(
          .model, file: path, found: try disguise(of: file) ?? "a file that is not GGUF",
          expected: "a model folder with config.json, or a GGUF file")
      }
    }
    let file = try GGUFFile(path)
    _ = try file.metadata["general.architecture"].string()
    if let parts = file.metadata.optional("split.count"), try parts.int() > 1 {
      throw parts.refusal(
        "one of \(try parts.int()) files", expected: "a model in one GGUF file")
    }
    return file
  }

  /// Whether there is anything of that name, be it a broken link.
  private static func isPresent(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
