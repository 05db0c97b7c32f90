internal import Inputs

/// One step of cutting a text into words, the units inside which tokens are merged.
enum PreTokenizer: Sendable {
  /// Puts a space before each piece that begins with none.
  case leadingSpace
  /// Cuts at the matches of a pattern; inverted, at what lies between them.
  case split(Pattern, Behavior, isInverted: Bool)

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
      } catch {
        throw Refusal(
          .model,
          found: "a text of \(text.scalars.count) characters on which the pattern "
            + "\(quoted(pattern.source)) backtracks without end",
          expected: "a pattern that needs a few steps a character")
      }
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
        let place = text.source(of: piece.range.lowerBound).lowerBound
        result.append(" ", from: place..<place)
      }
      result.append(piece.range, of: text)
      return Piece(range: start..<result.scalars.count, id: piece.id)
    }
    text = result
    return moved
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
