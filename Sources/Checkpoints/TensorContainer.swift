public import Inputs

/// Something that holds named tensors: a file, the shards of one, a model.
///
/// Reading moves no shared file position and changes no state, so any number of threads may read
/// at once.
public protocol TensorContainer: Sendable {
  /// The path as it was given.
  var path: String { get }
  /// What refusals about the container are of.
  var kind: Refusal.Kind { get }
  /// Every tensor, by its name in the file.
  var tensors: [String: TensorDescription] { get }
  /// The opened file that holds a tensor of this container.
  func file(of tensor: TensorDescription) -> BoundedFile
  /// Compares the stored bytes of a tensor with their checksum, where the format has one; every
  /// read asks for it first.
  func verify(_ tensor: TensorDescription) throws(Refusal)
}

extension TensorContainer {
  /// For formats without checksums.
  public func verify(_ tensor: TensorDescription) throws(Refusal) {}

  /// The description of a tensor that must be there.
  public func tensor(_ name: String) throws(Refusal) -> TensorDescription {
    guard let tensor = tensors[name] else {
      let near = nearest(to: name, among: tensors.keys.sorted())
      throw Refusal(
        kind, file: path, field: name, found: "no tensor of that name",
        expected: "a tensor" + (near.map { " (the nearest name is \(quoted($0)))" } ?? ""))
    }
    return tensor
  }

  /// Fills `destination` with a floating-point tensor as float32, row-major.
  ///
  /// Quantised blocks are expanded, float64 is rounded to the nearest, all else is exact.
  /// The destination has exactly as many elements as the tensor.
  public func read(
    _ name: String, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(Refusal) {
    let tensor = try tensor(name)
    try verify(tensor)
    try file(of: tensor).readFloats(of: tensor, into: destination)
  }

  /// Fills `destination` with a tensor's blocks as its file has them, row-major.
  ///
  /// The destination has exactly as many bytes as the tensor.
  public func readBlocks(
    _ name: String, into destination: UnsafeMutableRawBufferPointer
  ) throws(Refusal) {
    let tensor = try tensor(name)
    try verify(tensor)
    try file(of: tensor).readBlocks(of: tensor, into: destination)
  }

  /// A floating-point tensor as float32, row-major.
  public func floats(_ name: String) throws(Refusal) -> [Float] {
    let tensor = try tensor(name)
    try verify(tensor)
    let file = file(of: tensor)
    var failure: Refusal?
    let values = [Float](unsafeUninitializedCapacity: tensor.count) { buffer, initialized in
      do throws(Refusal) {
        try file.readFloats(
          of: tensor, into: UnsafeMutableBufferPointer(rebasing: buffer[..<tensor.count]))
        initialized = tensor.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// An integer or Boolean tensor, row-major.
  public func integers(_ name: String) throws(Refusal) -> [Int] {
    let tensor = try tensor(name)
    try verify(tensor)
    return try file(of: tensor).readIntegers(of: tensor)
  }
}

/// Descriptions by name.
///
/// - Throws: A refusal if two names are one to Swift's comparison: bytes that differ only in their
///   Unicode normalisation.
func tensorsByName(
  _ tensors: [TensorDescription], kind: Refusal.Kind
) throws(Refusal) -> [String: TensorDescription] {
  var byName: [String: TensorDescription] = [:]
  byName.reserveCapacity(tensors.count)
  for tensor in tensors where byName.updateValue(tensor, forKey: tensor.name) != nil {
    throw Refusal(
      kind, file: tensor.file, field: tensor.name,
      found: "a duplicate of this tensor name, equal to it after Unicode normalisation",
      expected: "each tensor once")
  }
  return byName
}
