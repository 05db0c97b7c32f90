package import CausalModels
package import Inputs
package import JobFiles
package import Models

/// What prompts must fit: what the model reads, and among how many answers it chooses.
package struct PromptLimits: Sendable, Equatable {
  package var inputs: InputLimits
  /// Logits of one prediction.
  package var answers: Int
  /// The model in words, for refusals.
  package var model: String

  package init(_ inputs: InputLimits, answers: Int, model: String) {
    (self.inputs, self.answers, self.model) = (inputs, answers, model)
  }

  /// Those of a decoder.
  package init(_ shape: DecoderShape, model: String) {
    inputs = InputLimits(
      vocabulary: shape.vocabulary, width: shape.width, positions: shape.positionCount)
    (answers, self.model) = (shape.vocabulary, model)
  }

  /// - Parameter remedy: What is to be done about a long one, for its refusal.
  /// - Returns: The positions of the input.
  package func check(
    _ input: ResolvedInput.Content, at place: JobPlace, remedy: String = ""
  ) throws(Refusal) -> Int {
    guard inputs.reads == .sequences else {
      throw place.refusal(
        "a prompt for \(escaped(model))",
        expected: "a model of tokens alone: it reads \(inputs.reads.words), which intervene takes")
    }
    let count: Int
    let noun: String
    switch input {
    case .tokens(let ids):
      (count, noun) = (ids.count, "tokens")
      guard let vocabulary = inputs.vocabulary else {
        throw place.refusal(
          "tokens", expected: "features: \(escaped(model)) has no token embeddings")
      }
      if let position = ids.firstIndex(where: { !(0..<vocabulary).contains($0) }) {
        throw place.item(position).refusal(
          "token \(ids[position])",
          expected: "a token from 0 to \(vocabulary - 1), of \(escaped(model))")
      }
    case .features(let rows):
      (count, noun) = (rows.count, "positions")
      for (position, row) in rows.enumerated() where row.count != inputs.width {
        throw place.item(position).refusal(
          "\(row.count) features", expected: "\(inputs.width), the width of \(escaped(model))")
      }
    }
    guard count > 0 else {
      throw place.refusal("a text without tokens", expected: "at least one token")
    }
    guard count <= inputs.positions ?? .max else {
      throw place.refusal(
        "\(count) \(noun)",
        expected: "at most \(inputs.positions ?? .max) \(noun), the context of \(escaped(model))"
          + remedy)
    }
    return count
  }
}

/// Turns prompts as they were written into what a model reads: tokens or features, the number of each
/// answer, and every named place as positions.
package struct PromptResolver: Sendable {
  package let prompts: any PromptTokenizer
  package let limits: PromptLimits

  /// - Parameter prompts: Refuses texts where the model has no tokenizer.
  package init(_ prompts: any PromptTokenizer, _ limits: PromptLimits) {
    (self.prompts, self.limits) = (prompts, limits)
  }

  /// - Parameters:
  ///   - long: What is done with answers of several tokens; nil: they are refused.
  ///   - foilCounts: Whether a foil of several tokens is as an answer of several; else its first is it.
  package func resolve(
    _ written: WrittenPrompt, long: LongAnswers? = nil, foilCounts: Bool = true
  ) throws(Refusal) -> ResolvedPrompt {
    let (example, keys, place) = (written.example, written.keys, written.place)
    let base = try input(
      example.base, subject: written.subject, at: place.member(keys.base),
      placesAt: place.member(keys.places), isStrict: true)
    var sources: [ResolvedInput] = []
    for (number, source) in example.sources.enumerated() {
      let own = written.place(ofSource: number)
      var resolved = try input(
        source, at: own, placesAt: place.member(keys.sourcePlaces),
        isStrict: written.sharing != .loose)
      if written.sharing == .loose, resolved.count != base.count {
        // Of another length a number from the start need not mean the same; one from the end does.
        var placed = source
        placed.positions = source.positions.filter { $0.value.allSatisfy { $0 < 0 } }
        resolved = try input(
          placed, at: own, placesAt: place.member(keys.sourcePlaces), isStrict: false)
      }
      if written.sharing == .alike, !source.positions.isEmpty, resolved.count != base.count {
        throw own.refusal(
          "\(resolved.count) positions where the base has \(base.count)",
          expected: "as many, or source_places, since the places are those of the base")
      }
      sources.append(resolved)
    }
    // What is of several tokens, and whether that counts.
    var several: [(words: String, counts: Bool, at: JobPlace)] = []
    var rest: [Int] = []
    var (answerText, spellings) = (String?.none, [ResolvedPrompt.Spelling]())
    // Needed for texts alone.
    func prompt() -> String { written.text ?? (base.ids.isEmpty ? "" : prompts.text(base.ids)) }
    func answer(_ label: ExampleLabel, _ key: String) throws(Refusal) -> Int {
      let place = place.member(key)
      let text: String
      switch label {
      case .index(let number): return try checked(number, at: place)
      case .text(let own): text = own
      }
      let prompt = prompt()
      let tokens = try Self.told(at: place) { () throws(Refusal) in
        try prompts.answer(text, following: prompt, base.ids)
      }
      guard let first = tokens.ids.first, tokens.ids.count == 1 || long != nil else {
        let offer = tokens.ids.first.map { ", such as its first, \(quoted(prompts.text($0)))" }
        throw place.refusal(
          tokens.words(prompts), expected: "a text of one token" + (offer ?? ""))
      }
      let isAnswer = key == keys.answer
      let counts = isAnswer || foilCounts || key != keys.foil
      if tokens.ids.count > 1 {
        several.append(("the \(key) \(tokens.words(prompts))", counts, place))
        if isAnswer, long != .allTokens { answerText = tokens.text }
      }
      if isAnswer { rest = Array(tokens.ids.dropFirst()) }
      if counts, tokens.other != nil || tokens.isParted {
        spellings.append(
          ResolvedPrompt.Spelling(
            end: prompt.last, text: tokens.text, other: tokens.other, key: key, at: place))
      }
      return try checked(first, at: place)
    }
    let label = try answer(example.label, keys.answer)
    let foil = try example.foil.map { (foil) throws(Refusal) in try answer(foil, keys.foil) }
    let baseAnswer = try example.baseLabel.map { (own) throws(Refusal) in
      try answer(own, "base_label")
    }
    try check(written.answerBeside, is: label, by: place.member(keys.answer))
    if let foil { try check(written.foilBeside, is: foil, by: place.member(keys.foil)) }
    if long == .allTokens, let beside = written.answerBeside {
      rest = try self.rest(
        of: beside, behind: label, prompt(), base.ids, at: place.member(keys.answer))
    }
    let areAlike = written.foilDiffers && foil == label
    guard !areAlike || !several.isEmpty || !rest.isEmpty else {
      throw place.member(keys.foil).refusal(
        "the answer's own token \(quoted(prompts.text(label)))", expected: "another token")
    }
    let skipped =
      long == .oneToken || long == .firstToken && areAlike
      ? several.first(where: \.counts)?.words : nil
    var resolved = ResolvedPrompt(
      id: written.id, base: base, sources: sources, answer: label,
      baseAnswer: baseAnswer, foil: foil, variables: example.variables,
      sourcesAgree: example.sourcesAgree, at: place)
    (resolved.skipped, resolved.spellings) = (skipped, skipped == nil ? spellings : [])
    (resolved.takesTop, resolved.answerText) = (!written.hasAnswer, answerText)
    if long == .firstToken, skipped == nil {
      resolved.shortened = several.first(where: \.counts)?.at
    }
    guard long == .allTokens, !rest.isEmpty else { return resolved }
    for id in rest { _ = try checked(id, at: place.member(keys.answer)) }
    // The answer's last token is read, and does not stand behind the prompt.
    _ = try limits.check(
      .tokens(base.ids + [label] + rest.dropLast()), at: place.member(keys.answer))
    resolved.answerRest = rest
    return resolved
  }

  /// - Parameters:
  ///   - place: Where the input stands, and where its places do, for refusals.
  ///   - isStrict: Whether each position that a place names must be there; otherwise a place that is not
  ///     is refused when it is asked for.
  package func input(
    _ written: PlacedInput, subject: WrittenPrompt.Subject? = nil, at place: JobPlace,
    placesAt: JobPlace, isStrict: Bool
  ) throws(Refusal) -> ResolvedInput {
    let (content, ranges) = try content(written.content, at: place)
    let count = try limits.check(content, at: place)
    var named: [String: [Int]] = [:]
    // In the order of names, so that the first fault is the same one every time.
    for (name, list) in written.positions.sorted(by: { $0.key < $1.key }) {
      var found: [Int] = []
      for position in list {
        let from = position < 0 ? position + count : position
        guard !isStrict || (0..<count).contains(from) else {
          throw placesAt.member(name).refusal(
            "position \(position)",
            expected: "0 to \(count - 1), or -\(count) to -1 from the end, the positions of "
              + place.path)
        }
        found.append(from)
      }
      guard Set(found).count == found.count else {
        throw placesAt.member(name).refusal("a position twice", expected: "each once")
      }
      named[name] = found
    }
    func covering(_ bytes: Range<Int>, _ what: String) throws(Refusal) -> [Int] {
      let covering = ranges.indices.filter { ranges[$0].overlaps(bytes) }
      guard !covering.isEmpty else {
        throw place.refusal(
          "no token that covers \(what)", expected: "a prompt that the tokenizer keeps")
      }
      return covering
    }
    for (name, bytes) in written.spans.sorted(by: { $0.key < $1.key }) {
      named[name] = try covering(bytes, quoted(name))
    }
    guard let subject else {
      return ResolvedInput(content: content, places: PromptPlaces(count: count, named: named))
    }
    let tokens: Range<Int>
    switch subject {
    case .tokens(let range): tokens = range
    case .bytes(let bytes):
      let found = try covering(bytes, "the subject")
      tokens = found[0]..<found[found.count - 1] + 1
    }
    return ResolvedInput(
      content: content,
      places: PromptPlaces(PromptRoles(tokenCount: count, subject: tokens), named: named))
  }

  /// What the model reads, and the bytes of each token of a text.
  private func content(
    _ written: ExampleInput, at place: JobPlace
  ) throws(Refusal) -> (ResolvedInput.Content, [Range<Int>]) {
    switch written {
    case .tokens(let ids): return (.tokens(ids), [])
    case .features(let rows): return (.features(rows), [])
    case .text(let text):
      let encoded = try Self.told(at: place) { () throws(Refusal) in
        try prompts.promptWithOffsets(text)
      }
      return (.tokens(encoded.map(\.id)), encoded.map(\.utf8Range))
    }
  }

  /// The tokens of a text, at most `length` of them, the first.
  package func tokens(of text: WrittenText, length: Int?) throws(Refusal) -> [Int] {
    guard case .tokens(let all) = try content(text.content, at: text.place).0 else { return [] }
    let ids = Array(all.prefix(length ?? .max))
    _ = try limits.check(
      .tokens(ids), at: text.place, remedy: "; length, beside the texts, cuts longer ones")
    return ids
  }

  /// Refuses a number that no answer has.
  private func checked(_ number: Int, at place: JobPlace) throws(Refusal) -> Int {
    guard (0..<limits.answers).contains(number) else {
      // Where the answers are the vocabulary a number is a token.
      let isToken = limits.inputs.vocabulary == limits.answers
      throw place.refusal(
        isToken ? "token \(number)" : "\(number)",
        expected: (isToken ? "a token from " : "") + "0 to \(limits.answers - 1), the answers of "
          + escaped(limits.model))
    }
    return number
  }

  /// Refuses a token beside a text that does not begin with it, where there is a tokenizer to say so.
  private func check(
    _ beside: (text: String, key: String)?, is id: Int, by place: JobPlace
  ) throws(Refusal) {
    guard let beside else { return }
    let token = prompts.text(id)
    guard token != "#\(id)", !token.contains("\u{FFFD}") else { return }
    let bare = token.drop(while: \.isWhitespace)
    guard !beside.text.drop(while: \.isWhitespace).hasPrefix(bare) else { return }
    throw place.refusal(
      "token \(id), \(quoted(token)), beside \(beside.key) = \(quoted(beside.text))",
      expected: "the token of that text, or one of the two")
  }

  /// The tokens of a text behind its first, which stands beside it.
  private func rest(
    of beside: (text: String, key: String), behind id: Int, _ prompt: String, _ ids: [Int],
    at place: JobPlace
  ) throws(Refusal) -> [Int] {
    let found = try Self.told(at: place) { () throws(Refusal) in
      try prompts.answer(beside.text, following: prompt, ids, from: id)
    }
    guard let found else {
      throw place.refusal(
        "token \(id), \(quoted(prompts.text(id))), beside \(beside.key) = \(quoted(beside.text))",
        expected:
          "the first token of that text, whose others data.answer = \"all_tokens\" reads, or "
          + "one of the two")
    }
    return Array(found.dropFirst())
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

  // MARK: For `check`

  /// Tokens with those at some places marked.
  package func text(_ input: ResolvedInput, marking names: [Int: String]) -> [String] {
    func marked(_ text: String, _ position: Int) -> String {
      guard let name = names[position] else { return text }
      return "[\(name)\(name.isEmpty ? "" : ": ")\(text)]"
    }
    switch input.content {
    case .tokens(let ids):
      return prompts.pieces(ids).enumerated().map { marked(escaped($1), $0) }
    case .features(let rows):
      return rows.enumerated().map { position, row in
        let shown = row.prefix(32).map { CausalValue.number($0).description }
        return marked(
          "(" + shown.joined(separator: " ") + (row.count > 32 ? " ..." : "") + ")", position)
      }
    }
  }

  /// An example with its places marked.
  package func text(_ prompt: ResolvedPrompt) -> [String] {
    func answer(_ number: Int) -> String {
      limits.inputs.vocabulary == limits.answers
        ? quoted(prompts.text(number)) : "class \(number)"
    }
    func line(_ input: ResolvedInput) -> String {
      var names: [Int: String] = [:]
      for (name, positions) in input.places.named.sorted(by: { $0.key < $1.key }) {
        for position in positions {
          names[position] = (names[position].map { $0 + "," } ?? "") + escaped(name)
        }
      }
      let isText = if case .tokens = input.content { true } else { false }
      return text(input, marking: names).joined(separator: isText ? "|" : " ")
    }
    var lines = ["base   " + line(prompt.base)]
    // An input without sources has its own answer as its label.
    let own = prompt.baseAnswer ?? (prompt.sources.isEmpty ? prompt.answer : nil)
    if let own { lines[0] += " -> \(answer(own))" }
    lines += prompt.sources.map { "source " + line($0) }
    if !prompt.sources.isEmpty { lines.append("label  \(answer(prompt.answer))") }
    return lines
  }
}
