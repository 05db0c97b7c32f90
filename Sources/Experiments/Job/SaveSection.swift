package import Inputs

/// `[save]`: how results are stored.
package struct SaveSection: Sendable, Equatable {
  /// The level of zstd.
  package let level: Int
  /// Bits of the mantissa that are kept, of float32's 23; nil keeps them all.
  package let roundBits: Int?

  package init(_ field: JobField?) throws(Refusal) {
    let section = try field?.table(known: ["level", "round_bits"])
    level =
      try section?.optional("level").map { (field) throws(Refusal) in try field.int(in: 1...19) }
      ?? 3
    roundBits = try section?.optional("round_bits").map { (field) throws(Refusal) in
      try field.int(in: 1...22)
    }
  }

  package var canonical: JobValue {
    .fields(["level": .int(level), "round_bits": roundBits.map(JobValue.int)])
  }
}
