public import Inputs

/// A model's tokenizer as specifications need it.
public struct SpecTexts: Sendable {
  /// The tokens of a text; whether those go around it that the tokenizer prescribes.
  let encode: @Sendable (_ text: String, _ addsSpecialTokens: Bool) throws(Refusal) -> [Int]
  /// The text of tokens.
  let decode: @Sendable (_ tokens: [Int]) -> String

  /// A tokenizer by its two functions.
  public init(
    encode: @escaping @Sendable (String, Bool) throws(Refusal) -> [Int],
    decode: @escaping @Sendable ([Int]) -> String
  ) {
    (self.encode, self.decode) = (encode, decode)
  }
}
