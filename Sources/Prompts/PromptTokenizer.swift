package import Inputs

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
  package func pieces(_ ids: [Int]) -> [String] {
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
  package func text(_ ids: [Int]) -> String {
    ids.allSatisfy { token($0) != nil } ? decode(ids) : pieces(ids).joined()
  }

  /// The text of a token, or its number where it has none.
  package func text(_ id: Int) -> String { token(id) ?? "#\(id)" }

  /// The tokens with which a text continues a prompt.
  ///
  /// - Parameter ids: The prompt's own tokens.
  package func answer(
    _ text: String, following prompt: String, _ ids: [Int]
  ) throws(Refusal) -> AnswerTokens {
    let spacing = AnswerSpacing(after: prompt)
    let bare = String(text.drop { $0 == " " })
    // A blank of its own stands, but for a second space.
    let isSpaced = spacing.isSpaced && bare.first?.isWhitespace == false
    let hasSpace = !prompt.hasSuffix(" ") && (isSpaced || text.hasPrefix(" "))
    let (spaced, other) = hasSpace ? (" " + bare, bare) : (bare, " " + bare)
    let found = try continuation(spaced, of: prompt, ids)
    var answer = AnswerTokens(text: spaced, ids: found.ids, isParted: found.isParted)
    let isUnusual =
      spacing.unusualEnd != nil || bare.unicodeScalars.first.map(AnswerSpacing.isWord) == false
    if isUnusual, !text.hasPrefix(" "),
      let ids = try? continuation(other, of: prompt, ids).ids, ids.count == 1, ids != answer.ids
    {
      answer.other = (other, ids[0])
    }
    return answer
  }

  /// The tokens with which a text continues a prompt, with a space before it or without, by the first of
  /// them; nil where neither begins with it.
  package func answer(
    _ text: String, following prompt: String, _ ids: [Int], from first: Int
  ) throws(Refusal) -> [Int]? {
    let found = try answer(text, following: prompt, ids)
    if found.ids.first == first { return found.ids }
    if let other = found.other { return other.id == first ? [other.id] : nil }
    let other = found.text.hasPrefix(" ") ? String(found.text.dropFirst()) : " " + found.text
    let ids = try continuation(other, of: prompt, ids).ids
    return ids.first == first ? ids : nil
  }

  /// The tokens of a text behind a prompt: those of both together less the prompt's own.
  ///
  /// - Returns: Them, and whether both together have others where they meet, so that the text's own
  ///   stand for it.
  private func continuation(
    _ text: String, of prompt: String, _ ids: [Int]
  ) throws(Refusal) -> (ids: [Int], isParted: Bool) {
    // Read behind the prompt, since some tokenizers begin every text with a space of their own.
    let whole = try promptWithOffsets(prompt + text).map(\.id)
    if whole.count > ids.count, whole.starts(with: ids) {
      return (Array(whole[ids.count...]), false)
    }
    // The prompt may have come as other tokens than the tokenizer's, or have some put behind it.
    let (own, both) = try (
      encodeWithOffsets(prompt).map(\.id), encodeWithOffsets(prompt + text).map(\.id)
    )
    if both.count > own.count, both.starts(with: own) { return (Array(both[own.count...]), false) }
    // The prompt's end would take part of the text: then behind a line.
    let line = try? encodeWithOffsets("\n").map(\.id)
    if !text.hasPrefix(" "), let line, let both = try? encodeWithOffsets("\n" + text).map(\.id),
      both.count > line.count, both.starts(with: line)
    {
      return (Array(both[line.count...]), true)
    }
    return (try encodeWithOffsets(text).map(\.id), true)
  }
}

/// A text as the tokens that continue a prompt.
package struct AnswerTokens: Sendable {
  /// With the space that it has.
  package let text: String
  package let ids: [Int]
  /// Whether the prompt and the text together have other tokens where they meet.
  package let isParted: Bool
  /// The text with a space instead of none or without one instead of it, where that is one other token,
  /// and nothing but how the prompt ends and the text begins says which is meant.
  package var other: (text: String, id: Int)?

  package init(text: String, ids: [Int], isParted: Bool) {
    (self.text, self.ids, self.isParted) = (text, ids, isParted)
  }

  /// Its tokens, in words.
  package func words(_ prompts: some PromptTokenizer) -> String {
    let texts = ids.prefix(16).map { quoted(prompts.token($0) ?? "") }
    let beside = other.map { "; \(quoted($0.text)) is one, \($0.id)" } ?? ""
    return
      "\(quoted(text)), which is \(ids.count) tokens (\(texts.joined(separator: ", "))\(beside))"
  }
}
