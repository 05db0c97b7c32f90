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

  /// The tokens of a prompt's text, with those that the tokenizer puts around it, which stand for no
  /// bytes.
  func promptWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)]

  /// The text of one token, with its leading space; nil where there is no such token.
  func token(_ id: Int) -> String?

  /// The text that tokens stand for together, which have one each; parts of a character that lie in
  /// several of them are put together.
  func decode(_ ids: [Int]) -> String
}

extension PromptTokenizer {
  package func promptWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)] { try encodeWithOffsets(text) }

  package func decode(_ ids: [Int]) -> String { ids.map(text).joined() }

  /// The text of each token of a prompt: a character of several tokens stands whole at the first of
  /// them, and nothing at the others.
  func pieces(_ ids: [Int]) -> [String] {
    let part = "\u{FFFD}"
    var pieces = ids.map(text)
    var first = 0
    while first < ids.count {
      guard pieces[first].contains(part) else {
        first += 1
        continue
      }
      // A character has at most four bytes, and a token of them one at least.
      let ends = (first + 1...first + 16).prefix {
        $0 <= ids.count && pieces[$0 - 1].contains(part)
      }
      let whole = ends.lazy.map { (end: $0, text: decode(Array(ids[first..<$0]))) }
        .first { !$0.text.contains(part) }
      if let whole {
        pieces[first] = whole.text
        for place in first + 1..<whole.end { pieces[place] = "" }
      }
      first = whole?.end ?? first + 1
    }
    return pieces
  }

  /// The text of a prompt.
  func text(_ ids: [Int]) -> String {
    ids.allSatisfy { token($0) != nil } ? decode(ids) : pieces(ids).joined()
  }

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
    let whole = try promptWithOffsets(prompt + continuation).map(\.id)
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
