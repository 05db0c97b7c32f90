/// BERT's cleaning of a text: `BertNormalizer` of `tokenizer.json`.
///
/// Devlin et al., 2018, <https://arxiv.org/abs/1810.04805>, `BasicTokenizer`.
struct BertRules: Sendable {
  /// Takes control characters away and makes a blank of each white space.
  var cleansText = true
  /// Puts blanks around each Chinese character.
  var spreadsChinese = true
  /// Takes the accents off.
  var stripsAccents = true
  var lowercases = true

  func rewrite(_ range: Range<Int>, of text: SourceText, into result: inout SourceText) {
    var rules: [(Range<Int>, SourceText, inout SourceText) -> Void] = []
    if cleansText { rules.append { Self.clean($0, of: $1, into: &$2) } }
    if spreadsChinese { rules.append { Self.spread($0, of: $1, into: &$2) } }
    if stripsAccents {
      rules.append { range, text, result in
        var rewriter = UnicodeRewriter(.decomposed)
        rewriter.rewrite(range, of: text, into: &result)
      }
      rules.append { range, text, result in
        for place in range where !ScalarTable.isNonspacingMark(text.code(at: place)) {
          result.append(place..<place + 1, of: text)
        }
      }
    }
    if lowercases { rules.append { NormalizerStep.lowercase($0, of: $1, into: &$2) } }
    var (current, place) = (text, range)
    for rule in rules {
      var next = SourceText(rewriting: current, place)
      rule(place, current, &next)
      (current, place) = (next, 0..<next.scalars.count)
    }
    result.append(place, of: current)
  }

  private static func clean(
    _ range: Range<Int>, of text: SourceText, into result: inout SourceText
  ) {
    for place in range {
      let scalar = text.scalars[place]
      if text.isSpace(at: place) {
        result.append(" ", from: text.source(of: place))
      } else if scalar != 0, scalar != 0xFFFD, !ScalarTable.isControl(text.code(at: place)) {
        result.append(place..<place + 1, of: text)
      }
    }
  }

  private static func spread(
    _ range: Range<Int>, of text: SourceText, into result: inout SourceText
  ) {
    for place in range {
      guard isChinese(text.scalars[place]) else {
        result.append(place..<place + 1, of: text)
        continue
      }
      let source = text.source(of: place)
      result.append(" ", from: source)
      result.append(place..<place + 1, of: text)
      result.append(" ", from: source)
    }
  }

  /// The blocks of CJK ideographs, as the paper's code lists them.
  private static func isChinese(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
