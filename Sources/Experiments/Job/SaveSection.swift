package import Inputs
package import JobFiles

/// `[save]`: how results are stored.
package struct SaveSection: Sendable, Equatable {
  /// The level of zstd.
  package let level: Int
  /// Bits of the mantissa that are kept, of float32's 23; nil keeps them all.
  package let roundBits: Int?

  /// - Parameters:
  ///   - rounds: Whether the kind has results that can be rounded.
  ///   - levels: Those that the codec of the kind's arrays has.
  package init(
    _ f: inout Fields, rounds: Bool = false, levels: ClosedRange<Int> = 1...19
  ) throws(Refusal) {
    level = try f.field(
      "level", .int(levels), or: 3, "The level of zstd, by which arrays are packed.")
    roundBits =
      rounds
      ? try f.optional(
        "round_bits", .int(1...22), usually: "all 23", unit: "bits",
        "Bits of a float32's mantissa that are kept; fewer pack better.") : nil
  }
}
