/// Blanks written as a mark, U+2581 in all published files, so that pieces may hold them.
struct Metaspace: Sendable {
  /// Where a mark is put in front.
  enum Prefix: String, Sendable, CaseIterable {
    /// Of every stretch between added tokens.
    case always
    /// Of the text, unless it begins with an added token.
    case first
    case never
  }

  var mark: Unicode.Scalar = SentencePieceRules.blank
  var prefix: Prefix = .always
  /// Whether each mark begins a new word.
  var cuts = true

  func apply(to pieces: [Piece], of text: inout SourceText) -> [Piece] {
    var result = SourceText(rewriting: text)
    var moved: [Piece] = []
    for piece in pieces {
      var start = result.scalars.count
      if piece.id >= 0 || piece.range.isEmpty {
        result.append(piece.range, of: text)
        moved.append(Piece(range: start..<result.scalars.count, id: piece.id))
        continue
      }
      let first = piece.range.lowerBound
      if ![0x20, mark.value].contains(text.scalars[first]),
        prefix == .always || prefix == .first && text.source(of: first).lowerBound == 0
      {
        result.insert([mark], before: first, of: text)
      }
      for place in piece.range {
        guard text.scalars[place] == 0x20 || text.scalars[place] == mark.value else {
          result.append(place..<place + 1, of: text)
          continue
        }
        if cuts, start < result.scalars.count {
          // The prefix belongs to the first word.
          moved.append(Piece(range: start..<result.scalars.count))
          start = result.scalars.count
        }
        result.append(mark, from: text.source(of: place))
      }
      moved.append(Piece(range: start..<result.scalars.count))
    }
    text = result
    return moved
  }
}
