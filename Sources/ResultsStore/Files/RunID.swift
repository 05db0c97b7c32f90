/// The name of one start of a run: 16 hexadecimal digits, drawn at random.
///
/// It marks temporary files and the lease, and never reaches a result.
package struct RunID: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(using random: inout some RandomNumberGenerator) {
    let digits = String(random.next(), radix: 16)
    description = String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The identifier with that text; nil unless it is 16 lowercase hexadecimal digits.
  package init?(_ text: String) {
    guard text.utf8.count == 16, text.utf8.allSatisfy(isHexadecimal) else { return nil }
    description = text
  }
}

/// A temporary file's name: `.tmp-RUN-RANK-N`.
struct TemporaryName: Sendable {
  let run: RunID

  /// Nil unless the name is one that `FileWriter` makes.
  init?(_ name: String) {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == ".tmp", let run = RunID(String(parts[1])),
      parts[2...].allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
    else { return nil }
    self.run = run
  }
}

func isHexadecimal(_ byte: UInt8) -> Bool {
  (48...57).contains(byte) || (97...102).contains(byte)
}
