package import Inputs

/// Which tokens of a prompt a sweep visits: `"all"`, `3`, `-1`, `"0:5"`, a name such as
/// `"subject_last"`, or a list of these. Each prompt resolves it for itself.
package struct PositionSelection: Sendable {
  /// The names a job can use beside the roles.
  package enum Name: String, CaseIterable, Sendable {
    case before
    case subject
    case subjectAll = "subject_all"
    case subjectFirst = "subject_first"
    case subjectMiddle = "subject_middle"
    case subjectLast = "subject_last"
    /// Every token after the subject.
    case after
    case firstAfter = "first_after"
    /// The same, as the field's figures call it.
    case firstSubsequent = "first_subsequent"
    case further
    case lastButOne = "last_but_one"
    case last
  }

  private enum Part: Sendable, Equatable {
    case index(IndexSelection)
    case name(Name)

    var canonical: JobValue {
      switch self {
      case .index(let index): index.canonical
      case .name(.subjectAll): .text(Name.subject.rawValue)
      case .name(.firstSubsequent): .text(Name.firstAfter.rawValue)
      case .name(let name): .text(name.rawValue)
      }
    }
  }

  private let parts: [Part]
  private let place: JobPlace
  private static let all = Part.index(.range(start: 0, end: nil, step: 1))

  private static var expected: String {
    "\"all\", a position such as 3 or -1, a range such as \"0:5\", a list, or one of "
      + Name.allCases.map(\.rawValue).joined(separator: ", ")
  }

  package init(_ field: JobField) throws(Refusal) {
    place = field.place
    if case .string("all") = field.value.content {
      parts = [Self.all]
      return
    }
    guard case .list(let list) = field.value.content else {
      parts = [try Self.part(field)]
      return
    }
    guard !list.isEmpty else {
      throw field.place.refusal("no positions, so no units", expected: Self.expected)
    }
    var parts: [Part] = []
    for item in try field.items() {
      let part = try Self.part(item)
      guard !parts.contains(part) else {
        throw item.place.refusal(
          "\(item.value.kindName) a second time", expected: "each position once")
      }
      parts.append(part)
    }
    self.parts = parts
  }

  private static func part(_ field: JobField) throws(Refusal) -> Part {
    switch field.value.content {
    case .integer:
      let limit = IndexSelection.limit
      return .index(.one(try field.int(in: -limit...limit)))
    case .string(let text):
      if let name = Name(rawValue: text) { return .name(name) }
      if let range = IndexSelection(range: text) {
        guard !range.isEmptyOnEveryAxis else {
          throw field.refusal(expected: "a range that ends after it starts")
        }
        return .index(range)
      }
      let near = nearest(to: text, among: Name.allCases.map(\.rawValue))
      throw field.refusal(expected: expected + (near.map { " (did you mean \($0)?)" } ?? ""))
    default: throw field.refusal(expected: expected)
    }
  }

  /// The positions in one prompt, each once, in rising order.
  ///
  /// A role that no token has gives none; a number past the prompt's end is refused.
  ///
  /// - Parameter prompt: What to call the prompt in a refusal, such as `fact 149`.
  package func resolve(roles: PromptRoles, prompt: String) throws(Refusal) -> [Int] {
    var positions: Set<Int> = []
    for part in parts {
      switch part {
      case .name(let name): positions.formUnion(Self.positions(name, roles))
      case .index(let index):
        switch index.resolve(count: roles.tokenCount) {
        case .success(let found): positions.formUnion(found)
        case .failure(let fault):
          throw place.refusal(
            "position \(fault.index) in \(escaped(prompt))",
            expected: "positions from 0 to \(roles.tokenCount - 1), or -\(roles.tokenCount) to -1 "
              + "from the end, since it has \(roles.tokenCount) tokens")
        }
      }
    }
    return positions.sorted()
  }

  private static func positions(_ name: Name, _ roles: PromptRoles) -> Range<Int> {
    let count = roles.tokenCount
    return switch name {
    case .before: roles.positions(of: .before)
    case .subject, .subjectAll: roles.subject
    case .subjectFirst: roles.positions(of: .subjectFirst)
    case .subjectMiddle: roles.positions(of: .subjectMiddle)
    case .subjectLast: roles.positions(of: .subjectLast)
    case .after: roles.subject.upperBound..<count
    case .firstAfter, .firstSubsequent: roles.positions(of: .firstAfter)
    case .further: roles.positions(of: .further)
    case .lastButOne: max(0, count - 2)..<max(0, count - 1)
    case .last: roles.positions(of: .last)
    }
  }

  package static func every(at place: JobPlace) -> PositionSelection {
    PositionSelection(parts: [all], place: place)
  }

  private init(parts: [Part], place: JobPlace) {
    self.parts = parts
    self.place = place
  }

  package var canonical: JobValue {
    parts == [Self.all] ? .text("all") : .items(parts.map(\.canonical))
  }
}
