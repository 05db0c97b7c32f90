internal import Inputs

/// How the words of a text become tokens.
protocol WordModel: Sendable {
  /// What it is called, for people: "byte-level BPE".
  var form: String { get }
  /// What encodes the words of one text.
  func tokenizer() -> any WordTokenizer
}

/// Encodes one word after another.
protocol WordTokenizer {
  /// Replaces `ids` and `lengths` by those of a word.
  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal)
  /// The tokens of the last word.
  var ids: [Int32] { get }
  /// The bytes that each stands for; they add up to the word.
  var lengths: [Int32] { get }
}

/// The refusal of a text for which a vocabulary has no token.
func noToken(for part: ArraySlice<UInt8>, in word: ArraySlice<UInt8>) -> Refusal {
  let bytes = part.map { byte in
    let digits = String(byte, radix: 16, uppercase: true)
    return "0x\(digits.count < 2 ? "0" : "")\(digits)"
  }
  let one = bytes.count == 1 ? "the byte" : "the bytes"
  return Refusal(
    .model, field: "model.vocab",
    found: "no token for \(one) \(bytes.prefix(8).joined(separator: " ")) of "
      + quoted(String(decoding: word, as: UTF8.self)),
    expected: "a vocabulary that has one, or a text without this character")
}

/// The bytes of the UTF-8 character that begins with a byte.
@inline(__always)
func characterLength(_ first: UInt8) -> Int {
  first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
}
