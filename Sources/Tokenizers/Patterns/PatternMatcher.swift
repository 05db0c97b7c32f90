/// What a match needs besides the pattern: a stack, kept between calls, and the steps left.
struct PatternMatcher {
  struct Alternative {
    var operation: Int
    var place: Int
    /// The place may go down to this one; a run gives back one scalar at a time.
    var lowest: Int
  }

  /// Thrown when a match takes more steps than its text can be worth.
  struct StepsExhausted: Error {}

  private static let stackLimit = 1 << 20

  private var stack: [Alternative] = []
  private(set) var stepsLeft: Int
  private let table = ScalarTable.codes

  /// - Parameter length: Scalars of the text; published patterns take a few steps for each.
  init(length: Int) { stepsLeft = 1_000_000 + 200 * length }

  /// The end of the first match of `pattern` that begins at `start`, or nil.
  mutating func end(
    of pattern: Pattern, at start: Int, before end: Int, in text: Span<UInt32>
  ) throws(StepsExhausted) -> Int? {
    if start < end, !pattern.first.admits(text[start]) { return nil }
    let found = try run(pattern, 0, start, end, text)
    return found < 0 ? nil : found
  }

  /// Runs from an instruction to its `match`; the place after it, or -1. Recursion is as deep as
  /// the pattern's own nesting.
  private mutating func run(
    _ pattern: Pattern, _ start: Int, _ from: Int, _ end: Int, _ text: Span<UInt32>
  ) throws(StepsExhausted) -> Int {
    let base = stack.count
    var operation = start
    var place = from
    while true {
      stepsLeft -= 1
      guard stepsLeft > 0, stack.count < Self.stackLimit else { throw StepsExhausted() }
      var matched = true
      switch pattern.program[operation] {
      case .scalar(let scalar):
        matched = place < end && text[place] == scalar
        place += 1
        operation += 1
      case .one(let index):
        matched = place < end && pattern.classes[index].contains(text[place], table)
        place += 1
        operation += 1
      case .prefer(let next, let other, let firsts):
        // At the end of the text only an empty match is left, and such an alternative admits all.
        let mayStart =
          place < end
          ? pattern.firsts[firsts].admits(text[place])
          : pattern.firsts[firsts].others && pattern.firsts[firsts].ascii == Bits128().inverted
        if mayStart {
          stack.append(Alternative(operation: other, place: place, lowest: place))
          operation = next
        } else {
          operation = other
        }
      case .jump(let target): operation = target
      case .run(let index, let minimum, let maximum, let keep):
        let first = place
        let last = maximum < end - place ? place + maximum : end
        while place < last, pattern.classes[index].contains(text[place], table) { place += 1 }
        // A long run costs steps too, or runs restarted at every scalar would be free.
        stepsLeft -= (place - first) >> 3
        matched = place - first >= minimum
        operation += 1
        if matched, !keep, place - first > minimum {
          stack.append(
            Alternative(operation: operation, place: place - 1, lowest: first + minimum))
        }
      case .lookahead(let after, let isNegative):
        matched = (try run(pattern, operation + 1, place, end, text) >= 0) != isNegative
        operation = after
      case .atomic(let after):
        let reached = try run(pattern, operation + 1, place, end, text)
        matched = reached >= 0
        place = reached
        operation = after
      case .match:
        stack.removeLast(stack.count - base)
        return place
      }
      if matched { continue }
      guard stack.count > base else { return -1 }
      let top = stack.count - 1
      operation = stack[top].operation
      place = stack[top].place
      if place > stack[top].lowest { stack[top].place -= 1 } else { stack.removeLast() }
    }
  }
}
