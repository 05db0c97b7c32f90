import Testing
import _TestSupport

@testable import Checkpoints

/// The elements of one tensor of a GGUF file, whose type has that number.
private func read(_ type: UInt32, count: Int, _ data: [UInt8]) throws -> [Float] {
  var builder = GGUFBuilder.named
  builder.addTensor("w", dimensions: [UInt64(count)], type: type, data)
  let folder = try TemporaryFolder()
  return try GGUFFile(folder.write("x.gguf", builder.file)).floats("w")
}

/// Half precision by its definition: sign, five bits of exponent, ten of fraction.
private func half(_ bits: UInt16) -> Float {
  let fraction = Float(bits & 0x3FF)
  let exponent = Int(bits >> 10 & 0x1F)
  let magnitude: Float =
    switch exponent {
    case 0: fraction * 0x1p-24
    case 31: fraction == 0 ? .infinity : .nan
    default: (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  return bits & 0x8000 == 0 ? magnitude : -magnitude
}

@Test func `every half-precision number is converted exactly`() throws {
  let values = try read(1, count: 65536, (0...UInt16.max).flatMap { littleEndian($0) })
  var wrong: [UInt16] = []
  for bits in 0...UInt16.max {
    let (value, expected) = (values[Int(bits)], half(bits))
    let agrees =
      expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern
    if !agrees { wrong.append(bits) }
  }
  #expect(wrong.isEmpty)
}

@Test(arguments: [
  (UInt16(0x0000), Float(0)), (0x8000, -0.0), (0x0001, 0x1p-24), (0x03FF, 0x1.ff8p-15),
  (0x0400, 0x1p-14), (0x7BFF, 65504), (0x7C00, .infinity), (0xFC00, -.infinity),
])
func `half precision at its edges`(bits: UInt16, expected: Float) throws {
  #expect(try read(1, count: 1, littleEndian(bits))[0].bitPattern == expected.bitPattern)
}

@Test(arguments: [
  (UInt16(0x0001), UInt32(0x0001_0000)), (0x8000, 0x8000_0000), (0x007F, 0x007F_0000),
  (0x7F7F, 0x7F7F_0000), (0x7F80, 0x7F80_0000), (0xFF80, 0xFF80_0000), (0x7FC1, 0x7FC1_0000),
])
func `bfloat16 is the upper half of a float, subnormal and NaN too`(bits: UInt16, expected: UInt32)
  throws
{
  #expect(try read(30, count: 1, littleEndian(bits))[0].bitPattern == expected)
}

@Test func `a Q8_0 block is a scale and 32 signed bytes`() throws {
  let (half, minusTwo) = (littleEndian(UInt16(0x3800)), littleEndian(UInt16(0xC000)))
  let first = half + (0..<32).map { UInt8(bitPattern: Int8($0 - 16)) }
  let second = minusTwo + [0x80, 0x7F] + [UInt8](repeating: 0, count: 30)
  let values = try read(8, count: 64, first + second)
  #expect(Array(values[..<32]) == (0..<32).map { Float($0 - 16) * 0.5 })
  #expect(Array(values[32..<34]) == [256, -254])
  #expect(values[34...].allSatisfy { $0 == 0 && $0.sign == .minus })
}

/// Byte `i` has the low nibble `i` and the high nibble `15 - i`.
private let nibbles = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
private let nibbleValues = (0..<32).map { Float($0 < 16 ? $0 : 31 - $0) }

@Test func `a Q4_0 block is a scale and nibbles around 8, the low ones first`() throws {
  let values = try read(2, count: 32, littleEndian(UInt16(0x3400)) + nibbles)  // 0.25
  #expect(values == nibbleValues.map { ($0 - 8) * 0.25 })
}

@Test func `a Q4_1 block is a scale, a minimum and nibbles, the low ones first`() throws {
  let values = try read(
    3, count: 32, littleEndian(UInt16(0x3400)) + littleEndian(UInt16(0xC100)) + nibbles)
  #expect(values == nibbleValues.map { $0 * 0.25 - 2.5 })
}

@Test func `blocks with any bits agree with the written-out rule, past one piece of reading`()
  throws
{
  var random = SeededRandom(seed: 11)
  let blocks = 10_000
  for (type, blockBytes) in [(UInt32(8), 34), (2, 18), (3, 20)] {
    var data = (0..<(blocks * blockBytes)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let values = try read(type, count: blocks * 32, data)
    var wrong = 0
    data.withUnsafeBytes { data in
      for block in 0..<blocks {
        let start = block * blockBytes
        let d = half(data.loadUnaligned(fromByteOffset: start, as: UInt16.self))
        let m = half(data.loadUnaligned(fromByteOffset: start + 2, as: UInt16.self))
        for i in 0..<32 {
          let nibble = { (skip: Int) -> Float in
            let byte = data[start + skip + i % 16]
            return Float(i < 16 ? byte & 15 : byte >> 4)
          }
          let expected: Float =
            switch type {
            case 8: d * Float(Int8(bitPattern: data[start + 2 + i]))
            case 2: d * (nibble(2) - 8)
            default: d * nibble(4) + m
            }
          let value = values[block * 32 + i]
          let agrees =
            expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern
          if !agrees { wrong += 1 }
        }
      }
    }
    #expect(wrong == 0, "type \(type)")
    data.removeAll()
  }
}
