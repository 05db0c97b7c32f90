/// How the elements of a stored tensor are encoded; all little-endian.
///
/// From Q8_0 on they are GGUF's blocks of 32 or 256 elements with shared scales; the others are
/// blocks of one element.
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
  case q5_0 = "Q5_0"
  case q5_1 = "Q5_1"
  case q2_K = "Q2_K"
  case q3_K = "Q3_K"
  case q4_K = "Q4_K"
  case q5_K = "Q5_K"
  case q6_K = "Q6_K"
  case iq4_NL = "IQ4_NL"
  case mxfp4 = "MXFP4"

  /// The name that safetensors and GGUF give the type, such as `BF16`.
  public var name: String { rawValue }

  /// Elements in one block: 1, or 32 or 256 where they share scales.
  public var blockSize: Int {
    switch self {
    case .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .iq4_NL, .mxfp4: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: 256
    case .f64, .f32, .f16, .bf16, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: 1
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
    case .q5_0: 22
    case .q5_1: 24
    case .iq4_NL: 18
    case .mxfp4: 17
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    }
  }

  /// Whether the elements are floating-point numbers or quantised ones.
  public var isFloatingPoint: Bool {
    switch self {
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool: false
    case .f64, .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q2_K, .q3_K, .q4_K, .q5_K,
      .q6_K, .iq4_NL, .mxfp4:
      true
    }
  }
}

extension ElementType {
  /// The types a safetensors file may use here.
  static let inSafetensors = allCases.filter { $0.blockSize == 1 }

  /// The types a GGUF file may use here, by their number in `ggml_type`.
  static let inGGUF: [UInt32: ElementType] = [
    0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 10: .q2_K, 11: .q3_K,
    12: .q4_K, 13: .q5_K, 14: .q6_K, 20: .iq4_NL, 24: .i8, 25: .i16, 26: .i32, 27: .i64, 28: .f64,
    30: .bf16, 39: .mxfp4,
  ]

  /// What the other numbers of `ggml_type` stand for, so that a refusal can say it.
  static let unsupportedInGGUF: [UInt32: String] = [
    4: "Q4_2, removed from the format", 5: "Q4_3, removed from the format", 9: "Q8_1", 15: "Q8_K",
    16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S",
    23: "IQ4_XS", 29: "IQ1_M", 31: "Q4_0_4_4, removed from the format",
    32: "Q4_0_4_8, removed from the format", 33: "Q4_0_8_8, removed from the format",
    34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4, removed from the format",
    37: "IQ4_NL_4_8, removed from the format", 38: "IQ4_NL_8_8, removed from the format",
    40: "NVFP4", 41: "Q1_0",
  ]
}
