package import Inputs

/// The path of a field in a job, such as `restore[0].layers`.
package struct FieldPath: Sendable, Equatable {
  private enum Step: Sendable, Equatable {
    case key(String)
    case index(Int)
  }

  /// As typed.
  package let text: String
  private let steps: [Step]

  /// Nil where the text is no path.
  ///
  /// - Parameter isKey: Which names fields may have.
  package init?(_ text: String, where isKey: (String) -> Bool = JobPlace.isBare) {
    var steps: [Step] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      let key = String(pieces[0])
      guard isKey(key) else { return nil }
      steps.append(.key(key))
      for piece in pieces.dropFirst() {
        guard piece.hasSuffix("]"), let index = Int(piece.dropLast()), index >= 0 else {
          return nil
        }
        steps.append(.index(index))
      }
    }
    guard steps.count <= JobDocument.depthLimit else { return nil }
    (self.text, self.steps) = (text, steps)
  }

  /// The first name of the path.
  package var root: String {
    if case .key(let key)? = steps.first { key } else { "" }
  }

  /// The last name of the path that is a bare word.
  package var leaf: String {
    for case .key(let key) in steps.reversed() where JobPlace.isBare(key) { return key }
    return ""
  }

  /// Whether a value at one of the two paths is within what the other's value replaces; a name where a
  /// list stands is of each of its items.
  package func overlaps(_ other: FieldPath) -> Bool {
    var (own, its) = (steps[...], other.steps[...])
    while let step = own.first, let theirs = its.first {
      switch (step, theirs) {
      case (.index, .key): own.removeFirst()
      case (.key, .index): its.removeFirst()
      default:
        guard step == theirs else { return false }
        own.removeFirst()
        its.removeFirst()
      }
    }
    return true
  }

  /// A job, or a part of one, with a value in the field's place.
  ///
  /// - Parameter inEach: Whether a name where a list stands is that field of each of its items.
  package func put(
    _ value: JobValue, into root: JobValue, at place: JobPlace, inEach: Bool = false
  ) throws(Refusal) -> JobValue {
    try put(value, into: root, steps[...], at: place, inEach)
  }

  private func put(
    _ value: JobValue, into whole: JobValue?, _ steps: ArraySlice<Step>, at place: JobPlace,
    _ inEach: Bool
  ) throws(Refusal) -> JobValue {
    guard let step = steps.first else { return value }
    var result = whole ?? JobValue(.table(JobTable()), origin: place.origin)
    let rest = steps.dropFirst()
    switch (step, result.content) {
    case (.key(let key), .table(var table)):
      table[key] = try put(value, into: table[key], rest, at: place.member(key), inEach)
      result.content = .table(table)
    case (.index(let index), .list(var items)) where items.indices.contains(index):
      items[index] = try put(value, into: items[index], rest, at: place.item(index), inEach)
      result.content = .list(items)
    case (.key, .list(var items)) where inEach && !items.isEmpty:
      for index in items.indices {
        items[index] = try put(value, into: items[index], steps, at: place.item(index), inEach)
      }
      result.content = .list(items)
    case (.key(let key), _):
      throw place.refusal(result.kindName, expected: "a table, to set \(key) in it")
    case (.index(let index), _):
      throw place.refusal(result.kindName, expected: "a list with an item [\(index)]")
    }
    return result
  }
}
