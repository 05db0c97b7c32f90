public import Inputs

/// Collects named tensors and writes them as the file that `torch.save` makes of a state dict.
///
/// `torch.load(weights_only=True)` reads it. The same tensors in the same order give the same
/// bytes: those of torch 2.13 but for the digits of `.data/serialization_id`, an identifier that
/// torch derives from the order of a hash table.
public struct PyTorchWriter: Sendable {
  private enum Values: Sendable {
    case floats([Float])
    case doubles([Double])
    case integers([Int])
    case bools([Bool])

    var type: ElementType {
      switch self {
      case .floats: .f32
      case .doubles: .f64
      case .integers: .i64
      case .bools: .bool
      }
    }

    var count: Int {
      switch self {
      case .floats(let values): values.count
      case .doubles(let values): values.count
      case .integers(let values): values.count
      case .bools(let values): values.count
      }
    }
  }

  private var tensors: [(name: String, shape: [Int], values: Values)] = []
  private var names: Set<ByteKey> = []

  /// A state dict without tensors.
  public init() {}

  /// Adds a float32 tensor, row-major.
  public mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
    add(name, shape, .floats(values))
  }

  /// Adds a float64 tensor, row-major.
  public mutating func add(_ name: String, shape: [Int], _ values: [Double]) {
    add(name, shape, .doubles(values))
  }

  /// Adds an int64 tensor, row-major.
  public mutating func add(_ name: String, shape: [Int], _ values: [Int]) {
    add(name, shape, .integers(values))
  }

  /// Adds a Boolean tensor, row-major.
  public mutating func add(_ name: String, shape: [Int], _ values: [Bool]) {
    add(name, shape, .bools(values))
  }

  private mutating func add(_ name: String, _ shape: [Int], _ values: Values) {
    precondition(
      shape.reduce(1, *) == values.count, "\(name): \(values.count) values, shape \(shape)")
    precondition(names.insert(ByteKey(name)).inserted, "\(name) was added twice")
    tensors.append((name, shape, values))
  }

  /// Writes the file: under a temporary name beside it, synced, then renamed over `path`, and the
  /// folder synced. A crash leaves the old file or the new one, never a part.
  ///
  /// - Throws: `resources` on a full disk or past a quota, `store` otherwise, also for an archive
  ///   of more than 4 GiB.
  public func write(to path: String) throws(Refusal) {
    let pickle = PickleWriter(tensors.map { ($0.name, $0.values.type, $0.shape) })
    var zip = try ZipWriter(path)
    var checksums = [try zip.add("archive/data.pkl", pickle.bytes)]
    for (name, text) in [
      (".format_version", "1"), (".storage_alignment", "64"), ("byteorder", "little"),
    ] { try zip.add("archive/\(name)", Array(text.utf8)) }
    for (number, tensor) in tensors.enumerated() {
      let name = "archive/data/\(number)"
      switch tensor.values {
      case .floats(let values): checksums.append(try zip.add(name, values))
      case .doubles(let values): checksums.append(try zip.add(name, values))
      case .integers(let values): checksums.append(try zip.add(name, values))
      case .bools(let values): checksums.append(try zip.add(name, values))
      }
    }
    try zip.add("archive/version", Array("3\n".utf8))
    try zip.add("archive/.data/serialization_id", Array(Self.identifier(from: checksums).utf8))
    try zip.commit()
  }

  /// Forty decimal digits, as torch has, that follow from the checksums of pickle and storages.
  private static func identifier(from checksums: [UInt32]) -> String {
    let digest = Digest.of(checksums.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) })
    return [digest.prefix(16), digest.suffix(16)].map { half in
      let digits = String(UInt64(half, radix: 16) ?? 0)
      return String(repeating: "0", count: 20 - digits.count) + digits
    }.joined()
  }
}
