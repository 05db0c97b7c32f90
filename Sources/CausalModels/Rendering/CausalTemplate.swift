internal import Inputs

/// Text with the values of variables in it: `The price is {price:2} dollars`.
///
/// `{name}` stands for the variable's value, `{name:2}` for a number with two decimals, `{{` and
/// `}}` for braces.
struct CausalTemplate: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    case literal(String)
    case variable(name: String, decimals: Int?)
  }

  let pieces: [Piece]

  init(_ text: String) throws(Refusal) {
    guard text.utf8.count <= 65_536 else {
      throw Refusal(
        .job, field: "prompt", found: "\(text.utf8.count) bytes", expected: "at most 65536")
    }
    var pieces: [Piece] = []
    var literal = ""
    var rest = Substring(text)
    while let first = rest.popFirst() {
      guard first == "{" || first == "}" else {
        literal.append(first)
        continue
      }
      if rest.first == first {
        literal.append(first)
        rest.removeFirst()
        continue
      }
      guard first == "{", let end = rest.firstIndex(of: "}") else {
        throw Refusal(
          .job, field: "prompt", found: "a single \(quoted(String(first))) in \(quoted(text))",
          expected: "{name}, or {{ and }} for braces themselves")
      }
      let inner = rest[..<end].split(separator: ":", maxSplits: 1).map(String.init)
      rest = rest[rest.index(after: end)...]
      var decimals: Int?
      if inner.count == 2 {
        guard let number = Int(inner[1]), (0...12).contains(number) else {
          throw Refusal(
            .job, field: "prompt", found: "the decimals \(quoted(inner[1]))", expected: "0 to 12")
        }
        decimals = number
      }
      guard let name = inner.first, !name.isEmpty else {
        throw Refusal(
          .job, field: "prompt", found: "empty braces", expected: "a variable's name in them")
      }
      if !literal.isEmpty { pieces.append(.literal(literal)) }
      literal = ""
      pieces.append(.variable(name: name, decimals: decimals))
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    self.pieces = pieces
  }

  /// The names of its variables in order, as often as they occur.
  var names: [String] {
    pieces.compactMap { if case .variable(let name, _) = $0 { name } else { nil } }
  }

  /// The names of the places of its variables, in order: the second mention of `x` is `x_2`.
  var mentions: [String] {
    var counts: [String: Int] = [:]
    return names.map { name in
      counts[name, default: 0] += 1
      return counts[name] == 1 ? name : "\(name)_\(counts[name] ?? 0)"
    }
  }

  /// The literals' words between the variables, and the variables: what is a token each.
  var words: [Piece] {
    pieces.flatMap { piece -> [Piece] in
      guard case .literal(let text) = piece else { return [piece] }
      return text.split(whereSeparator: \.isWhitespace).map { .literal(String($0)) }
    }
  }
}
