/// How the elements of a stored tensor are encoded; all little-endian.
///
/// The last three are GGUF's blocks of 32 elements with shared scales; the others are blocks of
/// one element.
public enum ElementType: String, Sendable, CaseIterable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"
  case q8_0 = "Q8_0"
  case q4_0 = "Q4_0"
  case q4_1 = "Q4_1"

  /// The name that safetensors and GGUF give the type, such as `BF16`.
  public var name: String { rawValue }

  /// Elements in one block: 1, or 32 where they share a scale.
  public var blockSize: Int {
    switch self {
    case .q8_0, .q4_0, .q4_1: 32
    default: 1
    }
  }

  /// Bytes of one block.
  public var blockBytes: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool: 1
    case .q8_0: 34
    case .q4_0: 18
    case .q4_1: 20
    }
  }

  /// Whether the elements are floating-point numbers or quantised ones.
  public var isFloatingPoint: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1: true
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: false
    }
  }
}

extension ElementType {
  /// The types a safetensors file may use here.
  static let inSafetensors = allCases.filter { $0.blockSize == 1 }

  /// The types a GGUF file may use here, by their number in `ggml_type`.
  static let inGGUF: [UInt32: ElementType] = [
    0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 8: .q8_0, 24: .i8, 25: .i16, 26: .i32, 27: .i64,
    28: .f64, 30: .bf16,
  ]

  /// What the other numbers of `ggml_type` stand for, so that a refusal can say it.
  static let unsupportedInGGUF: [UInt32: String] = [
    4: "Q4_2, removed from the format", 5: "Q4_3, removed from the format", 6: "Q5_0", 7: "Q5_1",
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K",
    16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
  ]
}
