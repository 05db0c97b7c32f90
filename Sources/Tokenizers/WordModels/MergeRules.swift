internal import Inputs

/// How a vocabulary makes tokens of bytes: the symbol of each byte, and which pairs merge.
struct MergeRules: Sendable {
  /// Rank and merged token of each pair.
  private(set) var table: PairTable
  /// The token of each byte, or -1.
  let byteSymbols: [Int32]
  /// What stands for a byte that has no symbol; empty where nothing does.
  private(set) var fallbacks: [[Int32]] = Array(repeating: [], count: 256)
  /// Stands for bytes that have neither.
  var unknown: Int32?
  /// Whether a run of unknown bytes is one token.
  var fusesUnknown = false
  /// Whether a word that is a token is that token, whatever the merges say.
  var ignoresMerges = false

  /// Comes off the right half of a merge: what marks the parts of a word past its first.
  var continuation: [UInt8] = []

  private var rank: UInt64 = 0

  /// - Parameter ids: The vocabulary, by the tokens' texts in the byte alphabet.
  init(ids: [ByteKey: Int], mergeCount: Int) {
    table = PairTable(capacity: mergeCount)
    byteSymbols = ByteAlphabet.scalars.map { Int32(ids[ByteKey(String($0))] ?? -1) }
  }

  /// Adds the next merge, of lower precedence than those before it.
  ///
  /// - Parameters:
  ///   - ids: The vocabulary.
  ///   - refusal: Makes the refusal from what was found and expected.
  mutating func append(
    _ left: String, _ right: String, in ids: [ByteKey: Int], refusal: (String, String) -> Refusal
  ) throws(Refusal) {
    func token(_ text: String) throws(Refusal) -> Int32 {
      guard let id = ids[ByteKey(text)] else {
        throw refusal(
          "the merge \(quoted("\(left) \(right)")) with \(quoted(text)), which is not in the vocab",
          "tokens of the vocab")
      }
      return Int32(id)
    }
    let (a, b) = (try token(left), try token(right))
    let rest = right.utf8.dropFirst(continuation.count)
    let merged = try token(continuation.isEmpty ? left + right : left + (String(rest) ?? ""))
    table.set(a, b, to: rank << 32 | UInt64(merged))
    rank += 1
  }

  /// The tokens that spell each byte, such as `<0x0A>`, or -1.
  static func byteTokens(in ids: [ByteKey: Int]) -> [Int32] {
    (0..<256).map { Int32(ids[ByteKey(ByteToken.text(of: UInt8($0)))] ?? -1) }
  }

  /// Spells letters that are no tokens with tokens such as `<0x0A>`, where all of those exist.
  mutating func fallBackToBytes(in ids: [ByteKey: Int]) {
    for (byte, scalar) in ByteAlphabet.scalars.enumerated() where byteSymbols[byte] < 0 {
      let spelled = String(scalar).utf8.map { ids[ByteKey(ByteToken.text(of: $0))] }
      let known = spelled.compactMap(\.self)
      if known.count == spelled.count { fallbacks[byte] = known.map { Int32($0) } }
    }
  }
}
