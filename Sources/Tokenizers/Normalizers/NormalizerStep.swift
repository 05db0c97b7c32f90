internal import Inputs

/// One step of rewriting a text before it is cut: the normalizers of `tokenizer.json`.
enum NormalizerStep: Sendable {
  case unicode(UnicodeForm)
  case lowercase
  /// Takes away the scalars of the categories Mn, Mc and Me.
  case stripAccents
  /// Takes away white space at the ends.
  case strip(left: Bool, right: Bool)
  case replace(Pattern, with: [Unicode.Scalar])
  /// Puts a text in front of each piece that is not empty.
  case prepend([Unicode.Scalar])
  case bert(BertRules)
  /// What machine translation takes for blanks, or for nothing.
  case nmt
  case charsMap(CharsMap)
  case sentencePiece(SentencePieceRules)
  /// Writes each byte with its letter of the byte alphabet.
  case byteLetters

  /// Rewrites the pieces that are not tokens; those stay as written.
  func apply(
    to pieces: [Piece], of text: inout SourceText, using matcher: inout PatternMatcher
  ) throws(Refusal) -> [Piece] {
    guard !leavesAlone(text) else { return pieces }
    var result = SourceText(rewriting: text)
    var rewriter: UnicodeRewriter?
    if case .unicode(let form) = self { rewriter = UnicodeRewriter(form) }
    var moved: [Piece] = []
    moved.reserveCapacity(pieces.count)
    for piece in pieces {
      let start = result.scalars.count
      if piece.id >= 0 {
        result.append(piece.range, of: text)
      } else if rewriter?.rewrite(piece.range, of: text, into: &result) == nil {
        try rewrite(piece.range, of: text, into: &result, using: &matcher)
      }
      moved.append(Piece(range: start..<result.scalars.count, id: piece.id))
    }
    text = result
    return moved
  }

  /// Whether the step certainly changes nothing, as most do in most texts.
  private func leavesAlone(_ text: SourceText) -> Bool {
    switch self {
    case .unicode(let form): !text.scalars.contains { $0 >= form.firstChanged }
    case .stripAccents: !text.scalars.contains { $0 >= 0x300 }
    default: false
    }
  }

  private func rewrite(
    _ range: Range<Int>, of text: SourceText, into result: inout SourceText,
    using matcher: inout PatternMatcher
  ) throws(Refusal) {
    switch self {
    case .unicode: break
    case .lowercase: Self.lowercase(range, of: text, into: &result)
    case .stripAccents:
      for place in range where !ScalarTable.isMark(text.code(at: place)) {
        result.append(place..<place + 1, of: text)
      }
    case .strip(let left, let right):
      var (start, end) = (range.lowerBound, range.upperBound)
      if left { while start < end, text.isSpace(at: start) { start += 1 } }
      if right { while start < end, text.isSpace(at: end - 1) { end -= 1 } }
      result.append(start..<end, of: text)
    case .replace(let pattern, let new):
      try Self.replace(pattern, new, range, of: text, into: &result, &matcher)
    case .prepend(let new):
      guard !range.isEmpty else { return }
      result.insert(new, before: range.lowerBound, of: text)
      result.append(range, of: text)
    case .bert(let rules): rules.rewrite(range, of: text, into: &result)
    case .nmt: Self.clean(range, of: text, into: &result)
    case .charsMap(let map): map.rewriteGraphemes(range, of: text, into: &result)
    case .sentencePiece(let rules): rules.rewrite(range, of: text, into: &result)
    case .byteLetters:
      for place in range {
        for byte in text.bytes[text.bytes(of: place..<place + 1)] {
          result.append(ByteAlphabet.scalars[Int(byte)], from: text.source(of: place))
        }
      }
    }
  }

  static func lowercase(_ range: Range<Int>, of text: SourceText, into result: inout SourceText) {
    for place in range {
      guard let scalar = Unicode.Scalar(text.scalars[place]),
        scalar.properties.isUppercase
          || scalar.properties.changesWhenLowercased
      else {
        result.append(place..<place + 1, of: text)
        continue
      }
      for lower in scalar.properties.lowercaseMapping.unicodeScalars {
        result.append(lower, from: text.source(of: place))
      }
    }
  }

  /// What a match becomes stands for its last scalar, as the published library counts.
  private static func replace(
    _ pattern: Pattern, _ new: [Unicode.Scalar], _ range: Range<Int>, of text: SourceText,
    into result: inout SourceText, _ matcher: inout PatternMatcher
  ) throws(Refusal) {
    var (place, done) = (range.lowerBound, range.lowerBound)
    do throws(PatternMatcher.StepsExhausted) {
      while place < range.upperBound {
        guard
          let end = try matcher.end(
            of: pattern, at: place, before: range.upperBound, in: text.scalars.span), end > place
        else {
          place += 1
          continue
        }
        result.append(done..<place, of: text)
        let source = text.source(of: end - 1)
        for scalar in new { result.append(scalar, from: source) }
        (place, done) = (end, end)
      }
    } catch { throw pattern.exhausted(on: text) }
    result.append(done..<range.upperBound, of: text)
  }

  private static func clean(
    _ range: Range<Int>, of text: SourceText, into result: inout SourceText
  ) {
    for place in range {
      switch text.scalars[place] {
      case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: break
      case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
        result.append(" ", from: text.source(of: place))
      default: result.append(place..<place + 1, of: text)
      }
    }
  }
}
