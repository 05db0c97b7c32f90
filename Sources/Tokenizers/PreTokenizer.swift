internal import Inputs

/// One step of cutting a text into words, the units inside which tokens are merged.
enum PreTokenizer: Sendable {
  /// Puts a space before each piece that begins with none.
  case leadingSpace
  /// Cuts at the matches of a pattern; inverted, at what lies between them.
  case split(Pattern, Behavior, isInverted: Bool)
  /// Writes blanks as U+2581 or another mark, and cuts before each.
  case metaspace(Metaspace)
  /// Writes each byte with its letter of the byte alphabet.
  case byteLetters
  /// Cuts at white space, and around each punctuation mark.
  case bert

  /// What becomes of a match: the names of `tokenizer.json`.
  enum Behavior: String, Sendable, CaseIterable {
    case isolated = "Isolated"
    case removed = "Removed"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"
  }

  /// Cuts every piece that is not an added token. A refusal names the pattern that ran too long.
  func apply(
    to pieces: [Piece], of text: inout SourceText, using matcher: inout PatternMatcher
  ) throws(Refusal) -> [Piece] {
    switch self {
    case .leadingSpace: return Self.insertSpaces(pieces, &text)
    case .metaspace(let rules): return rules.apply(to: pieces, of: &text)
    case .byteLetters:
      return try NormalizerStep.byteLetters.apply(to: pieces, of: &text, using: &matcher)
    case .bert: return Self.cutWords(pieces, text)
    case .split(let pattern, let behavior, let isInverted):
      var result: [Piece] = []
      result.reserveCapacity(text.scalars.count / 4)
      do throws(PatternMatcher.StepsExhausted) {
        for piece in pieces {
          if piece.id >= 0 {
            result.append(piece)
            continue
          }
          var cutter = Cutter(behavior: behavior, isInverted: isInverted, result: result)
          result = []
          try cutter.cut(piece.range, text.scalars.span, pattern, &matcher)
          result = cutter.finished()
        }
      } catch { throw pattern.exhausted(on: text) }
      return result
    }
  }

  private static func insertSpaces(_ pieces: [Piece], _ text: inout SourceText) -> [Piece] {
    func needsSpace(_ piece: Piece) -> Bool {
      piece.id < 0 && !piece.range.isEmpty && text.scalars[piece.range.lowerBound] != 0x20
    }
    guard pieces.contains(where: needsSpace) else { return pieces }
    var result = SourceText(rewriting: text)
    let moved = pieces.map { piece in
      let start = result.scalars.count
      if needsSpace(piece) {
        result.insert([" "], before: piece.range.lowerBound, of: text)
      }
      result.append(piece.range, of: text)
      return Piece(range: start..<result.scalars.count, id: piece.id)
    }
    text = result
    return moved
  }
}

extension PreTokenizer {
  /// BERT's words: what stands between white space, and each punctuation mark by itself.
  fileprivate static func cutWords(_ pieces: [Piece], _ text: SourceText) -> [Piece] {
    var result: [Piece] = []
    for piece in pieces {
      if piece.id >= 0 {
        result.append(piece)
        continue
      }
      var start = piece.range.lowerBound
      func close(_ end: Int) { if start < end { result.append(Piece(range: start..<end)) } }
      for place in piece.range {
        if text.isSpace(at: place) {
          close(place)
          start = place + 1
        } else if isMark(text.scalars[place], text.code(at: place)) {
          close(place)
          result.append(Piece(range: place..<place + 1))
          start = place + 1
        }
      }
      close(piece.range.upperBound)
    }
    return result
  }

  /// A punctuation mark, or any other sign of ASCII.
  private static func isMark(_ scalar: UInt32, _ code: UInt8) -> Bool {
    switch scalar {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: ScalarTable.isPunctuation(code)
    }
  }
}

/// Turns the matches inside one piece into pieces.
private struct Cutter {
  let behavior: PreTokenizer.Behavior
  let isInverted: Bool
  var result: [Piece]
  private let first: Int
  private var lastWasMatch = false

  init(behavior: PreTokenizer.Behavior, isInverted: Bool, result: consuming [Piece]) {
    self.behavior = behavior
    self.isInverted = isInverted
    self.result = result
    first = self.result.count
  }

  mutating func cut(
    _ range: Range<Int>, _ text: Span<UInt32>, _ pattern: Pattern, _ matcher: inout PatternMatcher
  ) throws(PatternMatcher.StepsExhausted) {
    var start = range.lowerBound  // of what is not yet in a piece
    var place = start
    while place < range.upperBound {
      let end = try matcher.end(of: pattern, at: place, before: range.upperBound, in: text)
      guard let end, end > place else {
        // An empty match cuts here too, and the search goes on one further.
        if end != nil {
          add(start..<place, isMatch: false)
          start = place
        }
        place += 1
        continue
      }
      add(start..<place, isMatch: false)
      add(place..<end, isMatch: true)
      start = end
      place = end
    }
    add(start..<range.upperBound, isMatch: false)
  }

  private mutating func add(_ range: Range<Int>, isMatch: Bool) {
    guard !range.isEmpty else { return }
    let isMatch = isMatch != isInverted
    defer { lastWasMatch = isMatch }
    let joins: Bool
    switch behavior {
    case .isolated: joins = false
    case .removed:
      if isMatch { return }
      joins = false
    case .mergedWithPrevious: joins = isMatch && !lastWasMatch
    case .mergedWithNext: joins = lastWasMatch && !isMatch
    case .contiguous: joins = isMatch == lastWasMatch
    }
    if joins, result.count > first {
      let last = result.count - 1
      result[last].range = result[last].range.lowerBound..<range.upperBound
    } else {
      result.append(Piece(range: range))
    }
  }

  consuming func finished() -> [Piece] { result }
}
