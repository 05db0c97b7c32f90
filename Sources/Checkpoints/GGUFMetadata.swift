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

  /// How many items an array has, of which none is read.
  public func count() throws(Refusal) -> Int { try array("an array").count }

  /// An array of strings.
  ///
  /// - Parameter distinct: Whether the first that stands there twice ends the reading: a hole in a
  ///   file holds as many empty strings as it claims.
  public func strings(distinct: Bool = false) throws(Refusal) -> [String] {
    let array = try array("an array of strings", of: .string)
    var places: [ByteKey: Int] = [:]
    return try array.items { (cursor) throws(Refusal) in
      let text = try cursor.string()
      if distinct, let other = places.updateValue(cursor.item ?? 0, forKey: ByteKey(text)) {
        throw cursor.refusal("\(quoted(text)) twice, first at \(other)", expected: "each once")
      }
      return text
    }
  }

  /// An array of integers.
  public func integers() throws(Refusal) -> [Int] {
    let array = try array(
      "an array of integers", of: .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64)
    return try array.items { (cursor) throws(Refusal) in try cursor.integer(array.type) }
  }

  /// An array of floating-point numbers, which may be infinite or NaN.
  public func doubles() throws(Refusal) -> [Double] {
    let array = try array("an array of floating-point numbers", of: .f32, .f64)
    return try array.items { (cursor) throws(Refusal) in try cursor.double(array.type) }
  }

  /// An array of booleans.
  public func bools() throws(Refusal) -> [Bool] {
    let array = try array("an array of booleans", of: .bool)
    return try array.items { (cursor) throws(Refusal) in try cursor.bool() }
  }

  private func array(_ expected: String, of types: GGUFType...) throws(Refusal) -> GGUFArray {
    guard case .array(let array) = value, types.isEmpty || types.contains(array.type) else {
      throw refusal(value.kindName, expected: expected)
    }
    return array
  }
}
