internal import Inputs

extension GGUFCursor {
  /// The type of a metadata value or of an array's items.
  mutating func type() throws(Refusal) -> GGUFType {
    let number = try number(UInt32.self)
    guard let type = GGUFType(rawValue: number) else {
      throw refusal("value type \(number)", expected: "0 to 12")
    }
    return type
  }

  /// A metadata value; arrays hold no arrays.
  mutating func value(of type: GGUFType) throws(Refusal) -> GGUFValue {
    switch type {
    case .string: return .string(try string())
    case .bool: return .bool(try bool())
    case .f32, .f64: return .double(try double(type))
    case .array: return try array()
    default: return .integer(try integer(type))
    }
  }

  /// An array's place, once every item in it is found to be one.
  private mutating func array() throws(Refusal) -> GGUFValue {
    let type = try type()
    guard type != .array else {
      throw refusal("an array of arrays", expected: "an array of values that are not arrays")
    }
    let count = try count(of: "items", leastBytes: type.leastBytes, limit: Self.arrayLimit)
    let array = GGUFArray(file: file, key: field, type: type, count: count, offset: position)
    switch type {
    // Of these no item can be wrong.
    case .u8, .i8, .u16, .i16, .u32, .i32, .i64, .f32, .f64: skip(count * type.leastBytes)
    case .string: try forEachItem(of: array) { (cursor) throws(Refusal) in _ = try cursor.string() }
    case .bool: try forEachItem(of: array) { (cursor) throws(Refusal) in _ = try cursor.bool() }
    default: try forEachItem(of: array) { (cursor) throws(Refusal) in _ = try cursor.integer(type) }
    }
    return .array(array)
  }

  /// Reads each item of the array at the position.
  mutating func forEachItem(
    of array: GGUFArray, _ read: (inout GGUFCursor) throws(Refusal) -> Void
  ) throws(Refusal) {
    for index in 0..<array.count {
      item = index
      try read(&self)
    }
    item = nil
  }

  mutating func bool() throws(Refusal) -> Bool {
    let byte = try number(UInt8.self)
    guard byte <= 1 else { throw refusal("a boolean of \(byte)", expected: "0 or 1") }
    return byte == 1
  }

  mutating func double(_ type: GGUFType) throws(Refusal) -> Double {
    type == .f32 ? Double(try number(Float.self)) : try number(Double.self)
  }

  mutating func integer(_ type: GGUFType) throws(Refusal) -> Int {
    switch type {
    case .u8: return Int(try number(UInt8.self))
    case .i8: return Int(try number(Int8.self))
    case .u16: return Int(try number(UInt16.self))
    case .i16: return Int(try number(Int16.self))
    case .u32: return Int(try number(UInt32.self))
    case .i32: return Int(try number(Int32.self))
    case .i64: return Int(try number(Int64.self))
    case .u64:
      let value = try number(UInt64.self)
      guard let int = Int(exactly: value) else {
        throw refusal("the integer \(value)", expected: "at most \(Int.max)")
      }
      return int
    case .f32, .f64, .bool, .string, .array:
      preconditionFailure("\(type) is not an integer type")
    }
  }
}
