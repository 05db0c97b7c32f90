package import Inputs

/// How the chunks of an array are compressed; each is followed by a CRC-32C of what is stored, so
/// that no flipped bit passes, neither here nor in another reader.
package enum ZarrCompression: Sendable, Equatable {
  /// A zstd frame with checksum.
  case zstd(level: Int)
  /// Blosc with byte shuffle around zstd: for floats that are data, such as activations.
  case blosc(level: Int)

  var level: Int {
    switch self {
    case .zstd(let level), .blosc(let level): level
    }
  }
}

/// What an array is: type, shape, how it is cut and stored. Zarr v3, one regular grid.
package struct ZarrArraySpec: Sendable, Equatable {
  package let dataType: ZarrDataType
  package let shape: [Int]
  /// Shape of a chunk, what is compressed as one.
  package let chunks: [Int]
  /// Shape of a file that holds many chunks (`sharding_indexed`); nil if each chunk is a file. The
  /// file may be of any size: it is written and read a chunk at a time.
  package let shards: [Int]?
  /// A name for each dimension; a 1-D array of the same name is its coordinate.
  package let dimensions: [String]
  /// What a missing chunk reads as in an integer array. Floats read as NaN.
  package let fill: Int
  package let compression: ZarrCompression
  package let attributes: [Attribute.Member]

  /// - Throws: `store`, with the field, where the parts do not fit each other or a limit.
  package init(
    _ dataType: ZarrDataType, shape: [Int], chunks: [Int], shards: [Int]? = nil,
    dimensions: [String], fill: Int = 0, compression: ZarrCompression = .zstd(level: 3),
    attributes: [Attribute.Member] = []
  ) throws(Refusal) {
    self.dataType = dataType
    self.shape = shape
    self.chunks = chunks
    self.shards = shards
    self.dimensions = dimensions
    self.fill = fill
    self.compression = compression
    self.attributes = attributes
    try check()
  }

  /// Shape of what one file holds.
  package var fileShape: [Int] { shards ?? chunks }
  /// How many files there are along each dimension.
  package var fileGrid: [Int] { grid(of: fileShape) }
  /// How many chunks there are along each dimension.
  package var chunkGrid: [Int] { grid(of: chunks) }
  /// The name, in the array's folder, of the file at an index of the file grid: all of an array's
  /// files stand in its one folder, `c.0.1` beside `zarr.json`.
  package func key(ofFile index: [Int]) -> String {
    (["c"] + index.map { "\($0)" }).joined(separator: ".")
  }

  /// Elements of a chunk; within limits.
  var chunkCount: Int { chunks.reduce(1, *) }
  /// How many chunks a file has along each dimension.
  var chunksPerFile: [Int] { zip(fileShape, chunks).map { $0 / $1 } }

  private func grid(of part: [Int]) -> [Int] {
    zip(shape, part).map { $0 == 0 ? 0 : ($0 - 1) / $1 + 1 }
  }

  private func check() throws(Refusal) {
    func refuse(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(.store, field: field, found: found, expected: expected)
    }
    let rank = shape.count
    guard rank <= 16 else { throw refuse("shape", "\(rank) dimensions", "at most 16") }
    guard shape.allSatisfy({ $0 >= 0 }), product(shape) != nil else {
      throw refuse("shape", "\(shape)", "sizes whose product fits 64 bits")
    }
    let size = dataType.size ?? 16
    for (field, part) in [("chunks", chunks), ("shards", shards ?? chunks)] {
      guard part.count == rank, part.allSatisfy({ $0 >= 1 }) else {
        throw refuse(field, "\(part)", "\(rank) sizes of at least 1")
      }
    }
    guard let count = product(chunks), count <= Zstd.contentLimit / size else {
      throw refuse("chunks", "\(chunks)", "at most \(Zstd.contentLimit) bytes (the limit)")
    }
    if let shards, !zip(shards, chunks).allSatisfy({ $0 % $1 == 0 }) {
      throw refuse("shards", "\(shards)", "multiples of the chunks \(chunks)")
    }
    if let shards {
      let count = product(zip(shards, chunks).map { $0 / $1 }) ?? Int.max
      guard count <= 1 << 20 else {
        throw refuse("shards", "\(count) chunks in a file", "at most \(1 << 20) (the limit)")
      }
    }
    guard dimensions.count == rank, Set(dimensions.map(ByteKey.init)).count == rank,
      dimensions.allSatisfy({ !$0.isEmpty })
    else { throw refuse("dimension_names", "\(dimensions)", "\(rank) different names") }
    let fills: ClosedRange<Int> =
      switch dataType {
      case .uint8: 0...255
      case .int32: Int(Int32.min)...Int(Int32.max)
      case .int64: Int.min...Int.max
      case .bool, .float32, .float64, .string: 0...0
      }
    guard fills.contains(fill) else {
      throw refuse("fill_value", "\(fill)", "\(fills.lowerBound) to \(fills.upperBound)")
    }
    guard (1...22).contains(compression.level) else {
      throw refuse("level", "\(compression.level)", "1 to 22")
    }
    if case .blosc = compression, dataType == .string || (compression.level > 9) {
      throw refuse(
        "codecs", "blosc of \(dataType), level \(compression.level)",
        "numbers, at a level from 1 to 9")
    }
  }
}

/// The product of sizes; nil where it does not fit.
func product(_ sizes: [Int]) -> Int? {
  var result = 1
  for size in sizes {
    let (value, overflow) = result.multipliedReportingOverflow(by: size)
    if overflow { return nil }
    result = value
  }
  return result
}
