public import Inputs

/// Turns text into the token ids of a model, and back.
public protocol Tokenizer: Sendable {
  /// One past the largest token id.
  var count: Int { get }
  /// SHA-256 of the file or vocabulary that the tokenizer was read from, 64 hexadecimal digits.
  var digest: String { get }
  /// What kind of tokenizer it is, for people: "byte-level BPE".
  var form: String { get }
  /// What its files say and was not followed, or leave open: a line each.
  var notes: [String] { get }

  /// The tokens of a text with the places they stand for.
  ///
  /// Special tokens that are written in the text are recognised.
  ///
  /// - Parameter addingSpecialTokens: Whether to put the tokens around the text that the tokenizer
  ///   prescribes, such as a beginning of sequence.
  /// - Throws: A refusal if the text holds something that the vocabulary cannot express.
  func encodeWithOffsets(
    _ text: String, addingSpecialTokens: Bool
  ) throws(Refusal) -> Encoding

  /// The ids alone; see ``encodeWithOffsets(_:addingSpecialTokens:)``.
  func encode(_ text: String, addingSpecialTokens: Bool) throws(Refusal) -> [Int]

  /// The text that tokens stand for. Ids without a token stand for none; bytes that are no UTF-8,
  /// as in half a character, become U+FFFD.
  func decode(_ ids: [Int]) -> String

  /// The text of one token as a figure shows it, or nil where the id has no token.
  func token(_ id: Int) -> String?

  /// The token that stands for exactly this text, such as `" Paris"` or `"<|endoftext|>"`.
  func id(of token: String) -> Int?
}

extension Tokenizer {
  /// The token ids of a text, without tokens that are not in it.
  public func encode(_ text: String) throws(Refusal) -> [Int] {
    try encode(text, addingSpecialTokens: false)
  }

  /// The tokens of a text with their places, without tokens that are not in it.
  public func encodeWithOffsets(_ text: String) throws(Refusal) -> Encoding {
    try encodeWithOffsets(text, addingSpecialTokens: false)
  }
}
