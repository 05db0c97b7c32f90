package import Inputs
internal import JobFiles

/// What prompts need of a tokenizer.
package protocol PromptTokenizer: Sendable {
  /// How many tokens there are: ids are from 0 to this, exclusive.
  var count: Int { get }

  /// The tokens of a text, without special ones added, each with the bytes of UTF-8 it stands for.
  ///
  /// - Throws: A refusal of a text that the vocabulary cannot express.
  func encodeWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)]

  /// The text of one token, with its leading space; nil where there is no such token.
  func token(_ id: Int) -> String?
}

extension PromptTokenizer {
  /// The text of a token, or its number where it has none.
  func text(_ id: Int) -> String { token(id) ?? "#\(id)" }

  /// The one token with which a text continues a prompt; it follows a space, unless the prompt ends in
  /// one.
  ///
  /// - Parameters:
  ///   - ids: The prompt's own tokens.
  ///   - place: Where the text stands, for the refusal.
  func token(
    _ text: String, following prompt: String, _ ids: [Int], at place: JobPlace
  ) throws(Refusal) -> Int {
    let bare = String(text.drop { $0 == " " })
    let continuation = prompt.hasSuffix(" ") ? bare : " " + bare
    // Read behind the prompt, since some tokenizers begin every text with a space of their own.
    let whole = try encodeWithOffsets(prompt + continuation).map(\.id)
    let follows = whole.count > ids.count && whole.starts(with: ids)
    let tokens =
      follows
      ? Array(whole[ids.count...]) : try encodeWithOffsets(continuation).map(\.id)
    guard tokens.count == 1 else {
      let texts = tokens.prefix(16).map { quoted(token($0) ?? "") }
      let offer = texts.first.map { ", such as its first, \($0)" } ?? ""
      throw place.refusal(
        "\(quoted(continuation)), which is \(tokens.count) tokens (\(texts.joined(separator: ", ")))",
        expected: "a text of one token" + offer)
    }
    return tokens[0]
  }
}
