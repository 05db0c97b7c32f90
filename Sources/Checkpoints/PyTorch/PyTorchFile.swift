public import Inputs
internal import Locks

/// A file of `torch.save(state_dict)`, open for reading, with its pickle recognised completely.
///
/// Nothing in the file is run: see `PickleRecogniser`. Tensors may be views of one another's
/// storages, transposed ones among them; they are read row-major. Devices, gradients' flags and
/// `_metadata` are passed over. The format is that of torch 1.6 and later.
public struct PyTorchFile: TensorContainer {
  /// What a file may hold.
  public enum Contents: Sendable {
    /// Tensors by name.
    case stateDictionary
    /// Tensors by name, a list of tensors, whose names are their numbers from 0, or one tensor, whose
    /// name is `PyTorchFile.onlyName`.
    case anyTensors
  }

  /// The name of a tensor that was saved by itself.
  public static let onlyName = "tensor"

  /// The path as it was given.
  public let path: String
  /// Every tensor, by its name.
  public let tensors: [String: TensorDescription]
  let bytes: BoundedFile
  private let archive: ZipArchive
  /// The archive's entry that each tensor is a view of.
  private let entries: [String: ZipEntry]
  private let verified = VerifiedEntries()

  /// Opens a state dict and recognises its pickle; reads no tensor.
  ///
  /// - Parameter kind: What a refusal is of; decides the exit code.
  public init(_ path: String, kind: Refusal.Kind = .model) throws(Refusal) {
    try self.init(path, kind: kind, holding: .stateDictionary)
  }

  /// Opens the archive and recognises its pickle; reads no tensor.
  ///
  /// - Parameters:
  ///   - kind: What a refusal is of; decides the exit code.
  ///   - form: What else than a state dict is read.
  public init(
    _ path: String, kind: Refusal.Kind, holding form: Contents
  ) throws(Refusal) {
    bytes = try BoundedFile(path, kind: kind)
    archive = try ZipArchive(bytes)
    self.path = path
    try Self.checkRecords(of: archive, in: bytes)
    guard let pickle = archive["data.pkl"] else {
      preconditionFailure("\(archive.folder) was found by its data.pkl")
    }
    let contents = try archive.contents(of: pickle, limit: PickleRecogniser.byteLimit)
    let named =
      switch form {
      case .stateDictionary:
        try PickleRecogniser.stateDictionary(contents, of: bytes, entry: pickle.name)
      case .anyTensors:
        try PickleRecogniser.tensors(
          contents, of: bytes, entry: pickle.name, onlyName: Self.onlyName)
      }
    let views = PyTorchViews(archive: archive, file: bytes)
    var descriptions: [TensorDescription] = []
    var entries: [String: ZipEntry] = [:]
    for (name, value) in named {
      let (description, entry) = try views.tensor(name, value)
      descriptions.append(description)
      entries[name] = entry
    }
    tensors = try tensorsByName(descriptions, kind: kind)
    self.entries = entries
  }

  /// The kind that the file was opened with.
  public var kind: Refusal.Kind { bytes.kind }

  /// This file.
  public func file(of tensor: TensorDescription) -> BoundedFile { bytes }

  /// Compares a storage with its CRC-32, when a tensor is first read from it.
  public func verify(_ tensor: TensorDescription) throws(Refusal) {
    guard let entry = entries[tensor.name], !verified.contains(entry.offset) else { return }
    try archive.verify(entry)
    verified.insert(entry.offset)
  }

  /// The small records beside the pickle, which say what the bytes mean.
  private static func checkRecords(of archive: ZipArchive, in file: BoundedFile) throws(Refusal) {
    func text(_ name: String) throws(Refusal) -> String? {
      guard let entry = archive[name] else { return nil }
      return String(decoding: try archive.contents(of: entry, limit: 64), as: UTF8.self)
    }
    // Absent until torch 2.1, whose machines were little-endian but for a few.
    if let order = try text("byteorder"), order != "little" {
      throw Refusal(
        file.kind, file: file.path, field: "\(archive.folder)byteorder", found: quoted(order),
        expected: "little (little-endian)")
    }
    let oldVersion = try text(".data/version")
    let version = try text("version") ?? oldVersion
    guard let version, let number = Int(version.prefix { $0.isNumber }), (1...10).contains(number)
    else {
      throw Refusal(
        file.kind, file: file.path, field: "\(archive.folder)version",
        found: version.map(quoted) ?? "no such entry", expected: "a version from 1 to 10")
    }
    if archive["constants.pkl"] != nil {
      throw Refusal(
        file.kind, file: file.path, field: "\(archive.folder)constants.pkl",
        found: "a TorchScript program", expected: "a state dict as torch.save writes it")
    }
  }
}

/// The storages that have been compared with their CRC-32, by the offset of their data.
private final class VerifiedEntries: Sendable {
  private let offsets = Locked<Set<Int>>([])

  func contains(_ offset: Int) -> Bool { offsets.withLock { $0.contains(offset) } }
  func insert(_ offset: Int) { offsets.withLock { _ = $0.insert(offset) } }
}
