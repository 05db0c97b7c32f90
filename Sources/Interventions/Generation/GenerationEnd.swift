/// What ends an example of a generation before its last token.
public struct GenerationEnd: Sendable {
  /// Tokens after which an example ends; they are kept.
  public var tokens: Set<Int> = []
  /// The length at which an example ends, its prompt included; nil: none.
  public var length: Int?
  /// Whether an example ends with what was generated of it, its prompt left out.
  public var completes: (@Sendable (_ generated: [Int]) -> Bool)?

  /// Nothing ends an example before the last step, unless it is set.
  public init() {}

  /// Whether an example ends here.
  func isReached(_ tokens: [Int], prompt: Int) -> Bool {
    if let last = tokens.last, tokens.count > prompt, self.tokens.contains(last) { return true }
    if let length, tokens.count >= length { return true }
    return tokens.count > prompt && completes?(Array(tokens.dropFirst(prompt))) == true
  }
}
