package import Inputs

extension JobField {
  /// A number of bytes: an integer, or text such as `1GiB`, `512 MB`, `1.5GiB`.
  package func byteCount(in range: ClosedRange<Int>) throws(Refusal) -> Int {
    let limits = "from \(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound))"
    let bytes: Int? =
      switch value.content {
      case .integer(let count): count
      case .string(let text): ByteCount.parse(text)
      default: nil
      }
    guard let bytes, range.contains(bytes) else {
      throw refusal(expected: "a size such as \"1GiB\" or a number of bytes, \(limits)")
    }
    return bytes
  }
}

/// Sizes of memory as text.
enum ByteCount {
  private static let units: KeyValuePairs = [
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    "kB": 1_000, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
    "B": 1,
  ]

  /// The bytes that a text such as `1.5GiB` stands for, or nil.
  static func parse(_ text: String) -> Int? {
    guard let (unit, scale) = units.first(where: { text.hasSuffix($0.key) }) else { return nil }
    var number = text.dropLast(unit.count)
    if number.last == " " { number.removeLast() }
    // Digits and one point: no sign, exponent, infinity or hexadecimal.
    guard number.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
      let value = Double(number), let bytes = Int(exactly: (value * Double(scale)).rounded(.down))
    else { return nil }
    return bytes
  }

  /// In the largest unit that divides it.
  static func text(_ bytes: Int) -> String {
    for (unit, scale) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    where bytes >= scale && bytes % scale == 0 {
      return "\(bytes / scale)\(unit)"
    }
    return "\(bytes)B"
  }
}
