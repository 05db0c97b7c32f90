internal import Inputs
internal import ResultsStore

/// The elements of one file of an array, of any of the types that results have.
enum ArrayValues: Sendable {
  case integers([Int32])
  case bytes([UInt8])
  case floats([Float])
  case texts([String])

  /// The bytes that the file at an index holds for these values.
  func bytes(for array: ZarrArray, at index: [Int]) throws(Refusal) -> [UInt8] {
    switch self {
    case .integers(let values): try array.bytes(chunk: index, values)
    case .bytes(let values): try array.bytes(chunk: index, values)
    case .floats(let values): try array.bytes(chunk: index, values)
    case .texts(let values): try array.bytes(chunk: index, values)
    }
  }

  /// Writes the file unless it is there with these very bytes.
  func write(to array: ZarrArray, at index: [Int], by files: FileWriter) throws(Refusal) {
    let digest = Digest.of(try bytes(for: array, at: index))
    guard try array.digest(ofFile: index) != digest else { return }
    switch self {
    case .integers(let values): try array.write(chunk: index, values, by: files)
    case .bytes(let values): try array.write(chunk: index, values, by: files)
    case .floats(let values): try array.write(chunk: index, values, by: files)
    case .texts(let values): try array.write(chunk: index, values, by: files)
    }
  }

  /// What the file at an index of a whole array holds; nil where it is missing.
  static func read(_ array: ZarrArray, at index: [Int]) throws(Refusal) -> ArrayValues? {
    switch array.spec.dataType {
    case .int32: try array.read(chunk: index, as: Int32.self).map { .integers($0) }
    case .uint8: try array.read(chunk: index, as: UInt8.self).map { .bytes($0) }
    case .float32: try array.read(chunk: index, as: Float.self).map { .floats($0) }
    case .string: try array.read(chunk: index, as: String.self).map { .texts($0) }
    case .bool, .int64, .float64:
      throw Refusal(
        .store, file: array.path, field: "data_type", found: array.spec.dataType.rawValue,
        expected: "a type that a trace stores")
    }
  }

  /// Refuses a file of an array that holds anything else.
  func expectStored(in array: ZarrArray, at index: [Int]) throws(Refusal) {
    let file = array.path(ofFile: index)
    guard let stored = try ArrayValues.read(array, at: index) else {
      throw Refusal(.store, file: file, found: "nothing", expected: "what the journals hold")
    }
    if let odd = stored.difference(from: self) {
      throw Refusal(
        .store, file: file, field: "element \(odd.place)", found: odd.mine,
        expected: "\(odd.others), as the journals have it")
    }
  }

  /// The first place where two lists differ, bit for bit, with both values in words; nil where they
  /// are the same.
  func difference(from other: ArrayValues) -> (place: Int, mine: String, others: String)? {
    func first<T>(_ a: [T], _ b: [T], _ same: (T, T) -> Bool) -> (Int, String, String)? {
      let place = zip(a, b).enumerated().first { !same($0.element.0, $0.element.1) }?.offset
      if let place { return (place, "\(a[place])", "\(b[place])") }
      return a.count == b.count ? nil : (min(a.count, b.count), "\(a.count)", "\(b.count)")
    }
    return switch (self, other) {
    case (.integers(let a), .integers(let b)): first(a, b, ==)
    case (.bytes(let a), .bytes(let b)): first(a, b, ==)
    case (.texts(let a), .texts(let b)):
      first(a.map { quoted($0) }, b.map { quoted($0) }) { $0.utf8.elementsEqual($1.utf8) }
    case (.floats(let a), .floats(let b)):
      // A value that is none is stored as one bit pattern or another.
      first(a, b) { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    default: (0, "another type", "its own")
    }
  }
}

extension ZarrArray {
  /// The index of the only file of an array that is one chunk.
  var onlyFile: [Int] { spec.shape.map { _ in 0 } }
}
