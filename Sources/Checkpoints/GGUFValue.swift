internal import Inputs

/// A metadata value of a GGUF file.
public enum GGUFValue: Sendable {
  /// Of any of the eight integer types. A u64 past 2^63 − 1 is refused when the file is opened.
  case integer(Int)
  /// Of either floating-point type; the float32 values are exact as doubles.
  case double(Double)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)

  /// What the value is, in words, for a refusal.
  public var kindName: String {
    switch self {
    case .integer(let value): "the integer \(value)"
    case .double(let value): "the number \(value)"
    case .bool(let value): "\(value)"
    case .string(let value): "the string \(quoted(value))"
    case .array(let array): "an array of \(array.count) \(array.type.itemsName)"
    }
  }
}

/// The types of metadata values, by their number in the format.
enum GGUFType: UInt32 {
  case u8, i8, u16, i16, u32, i32, f32, bool, string, array, u64, i64, f64

  /// The fewest bytes that a value takes in the file.
  var leastBytes: Int {
    switch self {
    case .u8, .i8, .bool: 1
    case .u16, .i16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64, .string: 8
    case .array: 12
    }
  }

  /// What the items of an array of them are, in words.
  var itemsName: String {
    switch self {
    case .f32, .f64: "numbers"
    case .bool: "booleans"
    case .string: "strings"
    case .array: "arrays"
    case .u8, .i8, .u16, .i16, .u32, .i32, .i64, .u64: "integers"
    }
  }
}
