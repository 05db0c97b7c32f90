/// The letters that byte-level vocabularies write bytes with.
///
/// Printable Latin-1 stands for itself; the other 68 bytes, in order, for the scalars from U+0100
/// on. So a space is written `Ġ` and a newline `Ċ`. Radford et al., 2019, `bytes_to_unicode`.
enum ByteAlphabet {
  /// The scalar of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      let isPrintable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF].contains { $0.contains(byte) }
      if !isPrintable { next += 1 }
      return Unicode.Scalar(isPrintable ? byte : next - 1) ?? "\u{FFFD}"
    }
  }()

  private static let bytes: [UInt32: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($1.value, UInt8($0)) })

  /// The bytes that a token's text stands for, or nil if a letter of it is none of the alphabet's.
  static func bytes(of token: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(token.utf8.count)
    for scalar in token.unicodeScalars {
      let value = scalar.value
      if (0x21...0x7E).contains(value) {
        result.append(UInt8(value))
      } else if let byte = bytes[value] {
        result.append(byte)
      } else {
        return nil
      }
    }
    return result
  }
}
