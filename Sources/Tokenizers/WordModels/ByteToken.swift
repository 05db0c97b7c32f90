/// Tokens that stand for one byte of a character without a token of its own: `<0x0A>`.
enum ByteToken {
  static func text(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }

  /// The byte that a token stands for; nil for any other token.
  static func byte(of token: some Collection<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8) else { return nil }
    let digits = token.dropFirst(3).prefix(2)
    guard digits.allSatisfy({ "0123456789ABCDEFabcdef".utf8.contains($0) }),
      token.dropFirst(5).first == UInt8(ascii: ">")
    else { return nil }
    return UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 16)
  }
}
