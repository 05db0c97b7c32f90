public import Inputs

/// The keys and values of a GGUF file, each misuse of which refuses by name.
public struct GGUFMetadata: Sendable {
  /// The path of the file.
  public let file: String
  /// In the order of the file; each key once.
  public let entries: [(key: String, value: GGUFValue)]
  private let places: [ByteKey: Int]

  init(file: String, entries: [(key: String, value: GGUFValue)], places: [ByteKey: Int]) {
    self.file = file
    self.entries = entries
    self.places = places
  }

  /// The value under a key; nil if the key is absent.
  public func optional(_ key: String) -> GGUFField? {
    places[ByteKey(key)].map { GGUFField(file: file, key: key, value: entries[$0].value) }
  }

  /// The value under a key that must be there.
  public subscript(key: String) -> GGUFField {
    get throws(Refusal) {
      guard let field = optional(key) else {
        let near = nearest(to: key, among: entries.map(\.key))
        throw Refusal(
          .model, file: file, field: key, found: "no such key",
          expected: "a value" + (near.map { " (the nearest key is \(quoted($0)))" } ?? ""))
      }
      return field
    }
  }
}

/// A metadata value with the file and key it came from.
public struct GGUFField: Sendable {
  /// The path of the file.
  public let file: String
  /// The key, such as `llama.block_count`.
  public let key: String
  /// The value as the file types it.
  public let value: GGUFValue

  /// A refusal of this value.
  public func refusal(_ found: String, expected: String) -> Refusal {
    Refusal(.model, file: file, field: key, found: found, expected: expected)
  }

  /// An integer within the range.
  public func int(in range: ClosedRange<Int> = 0...Int(Int32.max)) throws(Refusal) -> Int {
    guard case .integer(let int) = value, range.contains(int) else {
      throw refusal(
        value.kindName,
        expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return int
  }

  /// A finite number; an integer is one too.
  public func double() throws(Refusal) -> Double {
    switch value {
    case .double(let double) where double.isFinite: return double
    case .integer(let int): return Double(int)
    default: throw refusal(value.kindName, expected: "a finite number")
    }
  }

  /// True or false.
  public func bool() throws(Refusal) -> Bool {
    guard case .bool(let flag) = value else {
      throw refusal(value.kindName, expected: "true or false")
    }
    return flag
  }

  /// A string.
  public func string() throws(Refusal) -> String {
    guard case .string(let text) = value else {
      throw refusal(value.kindName, expected: "a string")
    }
    return text
  }

  /// An array of strings.
  public func strings() throws(Refusal) -> [String] {
    guard case .strings(let items) = value else {
      throw refusal(value.kindName, expected: "an array of strings")
    }
    return items
  }

  /// An array of integers.
  public func integers() throws(Refusal) -> [Int] {
    guard case .integers(let items) = value else {
      throw refusal(value.kindName, expected: "an array of integers")
    }
    return items
  }

  /// An array of floating-point numbers, which may be infinite or NaN.
  public func doubles() throws(Refusal) -> [Double] {
    guard case .doubles(let items) = value else {
      throw refusal(value.kindName, expected: "an array of floating-point numbers")
    }
    return items
  }

  /// An array of booleans.
  public func bools() throws(Refusal) -> [Bool] {
    guard case .bools(let items) = value else {
      throw refusal(value.kindName, expected: "an array of booleans")
    }
    return items
  }
}
