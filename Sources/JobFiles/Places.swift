package import Inputs

/// Positions of a prompt as a job writes them: `"all"`, `3`, `-1`, `"0:5"`, a name such as
/// `"subject_last"` or one that the data give, or a list of these. Each prompt resolves it for itself.
package struct Places: Sendable, Equatable {
  /// The names that every prompt with a subject has; the last two every prompt.
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

    /// Those that a document has, which has no subject.
    fileprivate static let ofDocuments = [lastButOne, last]

    /// The one name of those that mean the same.
    fileprivate var canonical: Name {
      switch self {
      case .subjectAll: .subject
      case .firstSubsequent: .firstAfter
      default: self
      }
    }
  }

  /// Which names a job may write.
  package enum Naming: Sendable {
    /// Those of prompts with a subject.
    case subject
    /// Those of documents.
    case document
    /// Those of prompts, and what the data give.
    case open

    fileprivate var isOpen: Bool { self == .open }
    /// What is known without the data.
    fileprivate var known: [Name] { self == .document ? Name.ofDocuments : Name.allCases }
  }

  private enum Part: Sendable, Equatable {
    case index(IndexSelection)
    case name(String)

    var canonical: JobValue {
      switch self {
      case .index(let index): index.canonical
      case .name(let name): .text(name)
      }
    }
  }

  private let parts: [Part]
  /// Whether one place is written as a list of one.
  private let isList: Bool
  private let place: JobPlace

  /// Whether a number counts from the start, and so means another token where a prompt is longer.
  package var countsFromStart: Bool {
    parts.contains { if case .index(let index) = $0 { index.countsFromStart } else { false } }
  }

  private static let all = IndexSelection.range(start: 0, end: nil, step: 1)

  fileprivate static func words(_ naming: Naming) -> String {
    "\"all\", a position such as 3 or -1, a range such as \"0:5\", a list, or "
      + (naming.isOpen
        ? "the name of a place, such as \"last\" or one that the data give"
        : "one of \(naming.known.map(\.rawValue).joined(separator: ", "))")
  }

  /// - Parameter naming: Unless the data give further names, a name must be known, and the canonical
  ///   form is a list.
  package init(_ field: JobField, _ naming: Naming) throws(Refusal) {
    place = field.place
    let isOpen = naming.isOpen
    var isList = !isOpen
    if case .list = field.value.content { isList = true }
    self.isList = isList
    if !isOpen, case .string("all") = field.value.content {
      parts = [.index(Self.all)]
      return
    }
    let words = Self.words(naming)
    parts = try field.parts(
      nothing: "no positions, so no units", once: "each position once", words
    ) { (item) throws(Refusal) in
      if case .string(let text) = item.value.content {
        if !isOpen, let name = Name(rawValue: text), naming.known.contains(name) {
          return .name(name.canonical.rawValue)
        }
        if IndexSelection(range: text) == nil {
          guard !isOpen else {
            guard (1...200).contains(text.utf8.count) else { throw item.refusal(expected: words) }
            return .name(text)
          }
          let near = nearest(to: text, among: naming.known.map(\.rawValue))
          throw item.refusal(expected: words + (near.map { " (did you mean \($0)?)" } ?? ""))
        }
      }
      guard let index = try IndexSelection(item) else { throw item.refusal(expected: words) }
      return .index(index)
    }
  }

  private init(_ part: Part, isList: Bool, at place: JobPlace) {
    (parts, self.isList, self.place) = ([part], isList, place)
  }

  /// The last position.
  package static func last(at place: JobPlace) -> Places {
    Places(.name(Name.last.rawValue), isList: false, at: place)
  }

  /// Whether every position of every prompt is meant.
  package var isAll: Bool { parts == [.index(Self.all)] }

  /// What figures and files call it.
  package var label: String {
    parts.map { part in
      switch part {
      case .index(let index): index.text
      case .name(let name): name
      }
    }.joined(separator: "+")
  }

  /// The names of a list that has nothing else; nil otherwise.
  package var names: [String]? {
    var names: [String] = []
    for part in parts {
      guard isList, case .name(let name) = part else { return nil }
      names.append(name)
    }
    return names
  }

  /// The positions of each part by itself, in the order of the list.
  package func resolveEach(
    in prompt: PromptPlaces, called name: String
  ) throws(Refusal) -> [[Int]] {
    var places: [[Int]] = []
    for part in parts {
      places.append(
        try Places(part, isList: isList, at: place).resolve(in: prompt, called: name))
    }
    return places
  }

  /// The positions in one prompt, each once, in rising order.
  ///
  /// A role that no token has gives none; a number past the prompt's end is refused.
  ///
  /// - Parameter name: What to call the prompt in a refusal, such as `fact 149`.
  package func resolve(in prompt: PromptPlaces, called name: String) throws(Refusal) -> [Int] {
    var positions: Set<Int> = []
    let count = prompt.count
    let expected =
      "positions from 0 to \(count - 1), or -\(count) to -1 from the end, since it has \(count) tokens"
    for part in parts {
      switch part {
      case .name(let place):
        guard let found = prompt.positions(of: place) else {
          let near = nearest(to: place, among: prompt.names).map { " (did you mean \($0)?)" } ?? ""
          throw self.place.refusal(
            "no place \(quoted(place)) in \(escaped(name))",
            expected:
              "one of \(prompt.names.prefix(20).map(escaped).joined(separator: ", "))\(near)")
        }
        if let outside = found.first(where: { !(0..<count).contains($0) }) {
          throw self.place.refusal(
            "\(quoted(place)) at position \(outside) in \(escaped(name))", expected: expected)
        }
        positions.formUnion(found)
      case .index(let index):
        switch index.resolve(count: count) {
        case .success(let found): positions.formUnion(found)
        case .failure(let fault):
          throw place.refusal("position \(fault.index) in \(escaped(name))", expected: expected)
        }
      }
    }
    return positions.sorted()
  }

  package var canonical: JobValue {
    if isList, parts == [.index(Self.all)] { return .text("all") }
    return isList ? .items(parts.map(\.canonical)) : parts[0].canonical
  }

  package static func == (a: Places, b: Places) -> Bool {
    a.parts == b.parts && a.isList == b.isList
  }

  fileprivate static func placeholder(_ naming: Naming) -> Places {
    Places(.index(all), isList: !naming.isOpen, at: JobPlace(file: ""))
  }
}

extension FieldType where Value == Places {
  /// Places by numbers and the names that every prompt with a subject has.
  package static var places: FieldType { places(.subject) }

  /// Places of documents, which have no subject.
  package static var documentPlaces: FieldType { places(.document) }

  /// Places of data that give names of their own.
  package static var namedPlaces: FieldType { places(.open) }

  private static func places(_ naming: Places.Naming) -> FieldType {
    FieldType(
      Places.words(naming), placeholder: .placeholder(naming), canonical: \.canonical
    ) { (field, _) throws(Refusal) in try Places(field, naming) }
  }
}

/// The places that one prompt has.
package struct PromptPlaces: Sendable {
  /// Its tokens, or positions.
  package let count: Int
  /// Where its subject is; nil where it has none.
  package let roles: PromptRoles?
  /// What the data call positions of it.
  package let named: [String: [Int]]

  package init(_ roles: PromptRoles, named: [String: [Int]] = [:]) {
    (count, self.roles, self.named) = (roles.tokenCount, roles, named)
  }

  package init(count: Int, named: [String: [Int]]) {
    (self.count, roles, self.named) = (count, nil, named)
  }

  /// Names that a prompt without a subject has too.
  package static let usualNames = ["all", "last_but_one", "last"]

  /// The names that can be meant, each once.
  package var names: [String] {
    let own = named.keys.sorted()
    let usual = roles == nil ? Self.usualNames : Places.Name.allCases.map(\.rawValue)
    return own + usual.filter { named[$0] == nil }
  }

  /// The positions of a name, those of the data first; nil where there is no such name.
  package func positions(of name: String) -> [Int]? {
    if let found = named[name] { return found }
    if name == "all" { return Array(0..<count) }
    guard let name = Places.Name(rawValue: name) else { return nil }
    switch name {
    case .last: return [count - 1]
    case .lastButOne: return count > 1 ? [count - 2] : []
    default: break
    }
    guard let roles else { return nil }
    let range =
      switch name {
      case .subject, .subjectAll: roles.subject
      case .after: roles.subject.upperBound..<count
      case .firstSubsequent: roles.positions(of: .firstAfter)
      default: TokenRole(rawValue: name.rawValue).map(roles.positions) ?? 0..<0
      }
    return Array(range)
  }
}
