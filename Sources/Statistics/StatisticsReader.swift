internal import Inputs
internal import ResultsStore

/// Reads the parts of stored statistics one after another, and trusts none of them.
struct StatisticsReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func refusal(_ found: String, _ expected: String) -> Refusal {
    Refusal(
      .store, field: "activation statistics, byte \(place)", found: found, expected: expected)
  }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(Refusal) -> Value {
    let size = MemoryLayout<Value>.size
    guard bytes.count - place >= size else {
      throw refusal("\(bytes.count) bytes, truncated", "\(size) bytes more")
    }
    defer { place += size }
    return bytes.littleEndian(Value.self, at: place)
  }

  mutating func count(upTo limit: Int, _ what: String) throws(Refusal) -> Int {
    let value = try integer(UInt64.self)
    guard value <= UInt64(limit) else { throw refusal("\(value) \(what)", "at most \(limit)") }
    return Int(value)
  }

  mutating func doubles(_ count: Int) throws(Refusal) -> [Double] {
    guard (bytes.count - place) / 8 >= count else {
      throw refusal("\(bytes.count) bytes, truncated", "\(count) numbers of 8 bytes more")
    }
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(Double(bitPattern: try integer(UInt64.self))) }
    return values
  }

  mutating func floats(_ count: Int) throws(Refusal) -> [Float] {
    guard (bytes.count - place) / 4 >= count else {
      throw refusal("\(bytes.count) bytes, truncated", "\(count) numbers of 4 bytes more")
    }
    var values: [Float] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(Float(bitPattern: try integer(UInt32.self))) }
    return values
  }

  func finish() throws(Refusal) {
    guard place == bytes.count else {
      throw refusal("\(bytes.count - place) bytes more", "the end")
    }
  }
}
