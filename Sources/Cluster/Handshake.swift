public import Inputs

/// What all ranks must have in common before any work: each brings its card, and they compare.
public struct Handshake: Sendable {
  /// The version of the messages between ranks; raised when their form changes.
  public static let protocolVersion = 2

  /// What is compared, in the order in which a difference is reported.
  public private(set) var facts: [(key: String, value: String)]

  /// - Parameters:
  ///   - binary: The digest of the program, such as `ownBinaryDigest()`.
  ///   - facts: What else must be equal, such as the model's digest or the BLAS core.
  public init(binary: String, facts: [(key: String, value: String)]) {
    self.facts =
      [
        ("message protocol", "\(Handshake.protocolVersion)"), ("program digest", binary),
        ("byte order", Int(1).littleEndian == 1 ? "little-endian" : "big-endian"),
      ] + facts
  }

  /// The SHA-256 of the program that this process runs.
  public static func ownBinaryDigest() throws(Refusal) -> String {
    let file = try BoundedFile("/proc/self/exe", kind: .cluster)
    var digest = Digest()
    for start in stride(from: 0, to: file.size, by: 1 << 20) {
      let piece = try file.bytes(at: start, count: min(1 << 20, file.size - start))
      piece.withUnsafeBytes { digest.update($0) }
    }
    return digest.hexadecimal()
  }

  /// Compares the cards of all ranks. Collective; all ranks throw the same.
  ///
  /// - Throws: A refusal that names the key, the odd rank and its host. Odd is who differs from
  ///   the most frequent value; where two are equally frequent, from rank 0's or the lowest rank's.
  public func compare(on communicator: Communicator) throws(Refusal) {
    var writer = WireWriter()
    writer.integer(facts.count)
    for (key, value) in facts {
      writer.string(key)
      writer.string(value)
    }
    let card = writer.bytes
    let cards = try mpiRefusal { () throws(MPIError) in try communicator.allGather(card) }
    var read: [[(key: String, value: String)]] = []
    for (rank, card) in cards.enumerated() {
      do throws(MPIError) {
        read.append(try Handshake.read(card))
      } catch {
        throw Refusal(
          .cluster, field: communicator.name(of: rank), found: "a card that cannot be read",
          expected: "the same program on every host")
      }
    }
    if let refusal = Handshake.difference(between: read, name: communicator.name) {
      throw refusal
    }
  }

  private static func read(_ card: [UInt8]) throws(MPIError) -> [(key: String, value: String)] {
    var reader = WireReader(card)
    let count = try reader.integer()
    var facts: [(key: String, value: String)] = []
    while facts.count < count { facts.append((try reader.string(), try reader.string())) }
    try reader.end()
    return facts
  }

  /// The first difference between cards, by key and then by rank.
  static func difference(
    between cards: [[(key: String, value: String)]], name: (Int) -> String
  ) -> Refusal? {
    let values = cards.map { Dictionary($0, uniquingKeysWith: { first, _ in first }) }
    var seen: Set<String> = []
    for key in cards.flatMap({ $0.map(\.key) }) where seen.insert(key).inserted {
      let column = values.map { $0[key].map(quoted) ?? "nothing" }
      var counts: [String: Int] = [:]
      for value in column { counts[value, default: 0] += 1 }
      let most = counts.values.max() ?? 0
      guard most < column.count, let usual = column.first(where: { counts[$0] == most }),
        let odd = column.firstIndex(where: { $0 != usual })
      else { continue }
      return Refusal(
        .cluster, field: "\(name(odd)): \(key)", found: column[odd],
        expected: "\(usual), as on \(most) other rank\(most == 1 ? "" : "s")")
    }
    return nil
  }
}
