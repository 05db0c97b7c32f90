package import CausalModels
package import Inputs
package import JobFiles
internal import Models

/// Turns examples as they were written into what a model runs on: tokens or features, the number of
/// each answer, and every named place as positions.
package struct ExampleResolver: Sendable {
  private let prompts: any PromptTokenizer
  let limits: ExampleLimits

  /// - Parameter prompts: Refuses texts where the model has no tokenizer.
  package init(_ prompts: any PromptTokenizer, _ limits: ExampleLimits) {
    (self.prompts, self.limits) = (prompts, limits)
  }

  /// - Parameters:
  ///   - place: Where the example stands, for refusals.
  ///   - sharesPlaces: Whether positions of the base are meant in sources too.
  package func resolve(
    _ example: CounterfactualExample, at place: JobPlace, sharesPlaces: Bool = false
  ) throws(Refusal) -> CounterfactualExample {
    var resolved = example
    var ids: [Int] = []
    (resolved.base, resolved.basePlaces, ids) = try input(
      example.base, example.basePlaces, example.baseSpans, "base", at: place)
    let length = Self.length(resolved.base)
    resolved.sourcePlaces = []
    for (number, source) in example.sources.enumerated() {
      let name = example.sources.count == 1 ? "source" : "sources[\(number)]"
      let positions = number < example.sourcePlaces.count ? example.sourcePlaces[number] : [:]
      let spans = number < example.sourceSpans.count ? example.sourceSpans[number] : [:]
      let (tokens, places, _) = try input(source, positions, spans, name, at: place)
      if sharesPlaces, !positions.isEmpty, Self.length(tokens) != length {
        throw JobPlace(file: place.file, path: name, origin: place.origin).refusal(
          "\(Self.length(tokens)) positions where the base has \(length)",
          expected: "as many, or source_places, since the places are those of the base")
      }
      resolved.sources[number] = tokens
      resolved.sourcePlaces.append(places)
    }
    (resolved.baseSpans, resolved.sourceSpans) = ([:], [])
    resolved.label = try label(example.label, after: example.base, ids, "label", at: place)
    resolved.baseLabel = try example.baseLabel.map { (own) throws(Refusal) in
      try label(own, after: example.base, ids, "base_label", at: place)
    }
    resolved.foil = try example.foil.map { (own) throws(Refusal) in
      try label(own, after: example.base, ids, "foil", at: place)
    }
    return resolved
  }

  /// The positions of an input.
  package static func length(_ input: ExampleInput) -> Int {
    switch input {
    case .text: 0
    case .tokens(let ids): ids.count
    case .features(let rows): rows.count
    }
  }

  private func input(
    _ input: ExampleInput, _ positions: [String: [Int]], _ spans: [String: Range<Int>],
    _ name: String, at line: JobPlace
  ) throws(Refusal) -> (ExampleInput, [String: [Int]], [Int]) {
    let place = line.member(name)
    var resolved = input
    var ranges: [Range<Int>] = []
    if case .text(let text) = input {
      let encoded = try Self.told(at: place) { () throws(Refusal) in
        try prompts.encodeWithOffsets(text)
      }
      resolved = .tokens(encoded.map(\.id))
      ranges = encoded.map(\.utf8Range)
    }
    try limits.check(resolved, at: place)
    let count = Self.length(resolved)
    var places = ["last": [count - 1]]
    // In the order of names, so that the first fault is the same one every time.
    for (key, list) in positions.sorted(by: { $0.key < $1.key }) {
      var found: [Int] = []
      for position in list {
        let from = position < 0 ? position + count : position
        guard (0..<count).contains(from) else {
          throw line.member(name == "base" ? "places" : "source_places").member(key).refusal(
            "position \(position)",
            expected: "0 to \(count - 1), or -\(count) to -1 from the end, the \(name)'s positions")
        }
        found.append(from)
      }
      guard Set(found).count == found.count else {
        throw line.member(name == "base" ? "places" : "source_places").member(key).refusal(
          "a position twice", expected: "each once")
      }
      places[key] = found
    }
    for (key, bytes) in spans.sorted(by: { $0.key < $1.key }) {
      let covering = ranges.indices.filter { ranges[$0].overlaps(bytes) }
      guard !covering.isEmpty else {
        throw place.refusal(
          "no token that covers \(quoted(key))", expected: "a prompt that the tokenizer keeps")
      }
      places[key] = covering
    }
    if case .tokens(let ids) = resolved { return (resolved, places, ids) }
    return (resolved, places, [])
  }

  private func label(
    _ label: ExampleLabel, after base: ExampleInput, _ ids: [Int], _ key: String, at line: JobPlace
  ) throws(Refusal) -> ExampleLabel {
    let number: Int
    switch label {
    case .index(let own): number = own
    case .text(let text):
      var prompt = ""
      if case .text(let own) = base { prompt = own }
      number = try Self.told(at: line.member(key)) { () throws(Refusal) in
        try prompts.token(text, following: prompt, ids, at: line.member(key))
      }
    }
    guard (0..<limits.answers).contains(number) else {
      throw line.member(key).refusal(
        "\(number)", expected: "0 to \(limits.answers - 1), the answers of \(escaped(limits.model))"
      )
    }
    return .index(number)
  }

  /// What a tokenizer refuses is refused by the text's own place.
  private static func told<Result>(
    at place: JobPlace, _ encode: () throws(Refusal) -> Result
  ) throws(Refusal) -> Result {
    do throws(Refusal) { return try encode() } catch {
      guard error.file != place.file else { throw error }
      let whose = error.file.isEmpty ? "" : " (\(escaped(error.file)))"
      throw place.refusal(error.found + whose, expected: error.expected)
    }
  }

  /// The tokens of a resolved example with its places marked, for `check`.
  package func text(_ example: CounterfactualExample) -> [String] {
    var lines: [String] = []
    func answer(_ label: ExampleLabel) -> String {
      guard case .index(let number) = label else { return "" }
      return limits.inputs.vocabulary == limits.answers
        ? quoted(prompts.token(number) ?? "#\(number)") : "class \(number)"
    }
    lines.append("base   " + text(example.base, example.basePlaces))
    // An input without sources has its own answer as its label.
    let own = example.baseLabel ?? (example.sources.isEmpty ? example.label : nil)
    if let own { lines[0] += " -> \(answer(own))" }
    for (number, source) in example.sources.enumerated() {
      lines.append("source " + text(source, example.sourcePlaces[number]))
    }
    if !example.sources.isEmpty { lines.append("label  \(answer(example.label))") }
    return lines
  }

  private func text(_ input: ExampleInput, _ places: [String: [Int]]) -> String {
    var names: [Int: [String]] = [:]
    for (name, positions) in places.sorted(by: { $0.key < $1.key }) where name != "last" {
      for position in positions { names[position, default: []].append(name) }
    }
    func marked(_ text: String, _ position: Int) -> String {
      guard let names = names[position] else { return text }
      return "[\(names.map(escaped).joined(separator: ",")): \(text)]"
    }
    switch input {
    case .text(let text): return quoted(text)
    case .tokens(let ids):
      return ids.enumerated().map { marked(escaped(prompts.token($1) ?? "#\($1)"), $0) }
        .joined(separator: "|")
    case .features(let rows):
      return rows.enumerated().map { position, row in
        let shown = row.prefix(32).map { CausalValue.number($0).description }
        return marked(
          "(" + shown.joined(separator: " ") + (row.count > 32 ? " ..." : "") + ")", position)
      }.joined(separator: " ")
    }
  }
}
