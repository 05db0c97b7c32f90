package import Checkpoints

extension ElementType {
  /// Random blocks of a floating-point type whose elements are all small, none of them special.
  package func randomBlocks(_ blocks: Int, using random: inout SeededRandom) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: blocks * blockBytes)
    for block in 0..<blocks {
      let start = block * blockBytes
      for i in start..<(start + blockBytes) { bytes[i] = UInt8.random(in: 0...255, using: &random) }
      func put(_ number: UInt16, at place: Int) {
        bytes[start + place] = UInt8(number & 255)
        bytes[start + place + 1] = UInt8(number >> 8)
      }
      func scale() -> UInt16 { UInt16.random(in: 0x1000...0x1C00, using: &random) }
      let sign = UInt16.random(in: 0...1, using: &random) << 15
      switch self {
      case .f16: put(UInt16.random(in: 0x2000...0x2E00, using: &random) | sign, at: 0)
      case .bf16: put(UInt16.random(in: 0x3C00...0x3DC0, using: &random) | sign, at: 0)
      case .q8_0, .q4_0, .q5_0, .iq4_NL: put(scale(), at: 0)
      case .q4_1, .q5_1, .q4_K, .q5_K:
        put(scale(), at: 0)
        put(scale(), at: 2)
      case .mxfp4: bytes[start] = UInt8.random(in: 117...122, using: &random)
      case .q2_K:
        put(scale(), at: 80)
        put(scale(), at: 82)
      case .q3_K: put(scale(), at: 108)
      case .q6_K: put(scale(), at: 208)
      case .f64, .f32, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .bool:
        preconditionFailure("\(name) is no type of small blocks")
      }
    }
    return bytes
  }
}
