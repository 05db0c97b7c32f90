internal import Foundation
package import Inputs

/// How a setting of a causal model becomes what a network reads, and its answer what it should say.
package struct CausalRendering: Sendable {
  package enum Form: String, CaseIterable, Sendable {
    /// The numbers that the values are made of, booleans as 0 and 1.
    case features
    /// For each input variable as many numbers as it has values, all 0 but one.
    case oneHot = "one_hot"
    /// A token for each value and each word of the prompt, numbered by `vocabulary`.
    case tokens
    case text
  }

  /// Where the features of several variables go.
  package enum Layout: String, CaseIterable, Sendable {
    /// Side by side in one position.
    case row
    /// A position for each variable.
    case sequence
  }

  /// What is written of a setting: one of several prompts, by the number in a variable.
  package struct Prompt: Sendable {
    let templates: [CausalTemplate]
    let chooser: String?
    /// The mention that a named place is, for each setting; nil leaves every mention its own name.
    let places: (@Sendable ([String: CausalValue]) -> [String: String])?

    package init(
      _ texts: [String], chooser: String? = nil,
      places: (@Sendable ([String: CausalValue]) -> [String: String])? = nil
    ) throws(Refusal) {
      var templates: [CausalTemplate] = []
      for text in texts { templates.append(try CausalTemplate(text)) }
      (self.templates, self.chooser, self.places) = (templates, chooser, places)
    }
  }

  private let model: CausalModel
  private let form: Form
  private let layout: Layout
  private let prompt: Prompt?
  /// The variables that features are made of, in order.
  private let read: [Int]
  private let answer: Int
  private let foil: Int?
  /// What each token stands for, where the form is tokens: answers first, so that classes are tokens.
  package let vocabulary: [CausalValue]
  private let tokens: [CausalValue: Int]
  private let classes: [CausalValue: Int]

  /// - Parameters:
  ///   - read: Names of the variables that features are made of; nil stands for the inputs.
  ///   - answer: The variable that the label is; nil for the only output.
  ///   - foil: As of `CausalTask`.
  package init(
    _ model: CausalModel, _ form: Form, layout: Layout = .row, prompt: Prompt? = nil,
    read: [String]? = nil, answer: String? = nil,
    foil: String? = nil
  ) throws(Refusal) {
    (self.model, self.form, self.layout, self.prompt) = (model, form, layout, prompt)
    var places: [Int] = []
    for name in read ?? [] { places.append(try model.place(of: name)) }
    self.read = read == nil ? model.inputs : places
    self.foil = try foil.map { (name) throws(Refusal) in try model.place(of: name) }
    if let answer {
      self.answer = try model.place(of: answer)
    } else {
      guard model.outputs.count == 1 else {
        throw Refusal(
          .job, field: "answer", found: "\(model.outputs.count) outputs and no answer named",
          expected: "one of "
            + model.outputs.map { escaped(model.variables[$0].name) }.joined(separator: ", "))
      }
      self.answer = model.outputs[0]
    }
    let answers = model.values[self.answer]
    let isFlag = answers.map { Set($0).isSubset(of: [.boolean(false), .boolean(true)]) } ?? false
    var classes: [CausalValue: Int] = [:]
    for (place, value) in (isFlag ? [.boolean(false), .boolean(true)] : answers ?? []).enumerated()
    {
      classes[value] = place
    }
    self.classes = classes
    if form == .text || form == .tokens {
      guard let prompt, !prompt.templates.isEmpty else {
        throw Refusal(
          .job, field: "prompt", found: "no prompt for data as \(form.rawValue)",
          expected: "text with {variables}")
      }
      if let chooser = prompt.chooser { _ = try model.place(of: chooser) }
      for name in prompt.templates.flatMap(\.names) { try Self.check(name, in: model) }
    }
    if form != .text, answers == nil {
      throw Refusal(
        .job, field: "answer",
        found: "\(quoted(model.variables[self.answer].name)), which has no list of values",
        expected: "a variable with finitely many")
    }
    guard form == .tokens, let prompt else {
      (vocabulary, tokens) = ([], [:])
      return
    }
    vocabulary = try Self.vocabulary(model, prompt, answers ?? [])
    var tokens: [CausalValue: Int] = [:]
    for (token, value) in vocabulary.enumerated() { tokens[value] = token }
    self.tokens = tokens
  }

  private static func check(_ name: String, in model: CausalModel) throws(Refusal) {
    guard model.variables.contains(where: { $0.name == name }) else {
      throw Refusal(
        .job, field: "prompt", found: "the unknown variable \(quoted(name))",
        expected: CausalModel.offer(name, model.variables.map(\.name)))
    }
  }

  private static func vocabulary(
    _ model: CausalModel, _ prompt: Prompt, _ answers: [CausalValue]
  ) throws(Refusal) -> [CausalValue] {
    var vocabulary: [CausalValue] = []
    var seen: Set<CausalValue> = []
    func add(_ value: CausalValue) { if seen.insert(value).inserted { vocabulary.append(value) } }
    answers.forEach(add)
    for name in prompt.templates.flatMap(\.names) {
      guard let values = model.values[try model.place(of: name)] else {
        throw Refusal(
          .job, field: "prompt", found: "\(quoted(name)), which has no list of values",
          expected: "variables with finitely many, where data are tokens")
      }
      values.forEach(add)
    }
    for case .literal(let word) in prompt.templates.flatMap(\.words) { add(.text(word)) }
    return vocabulary
  }

  // MARK: Inputs

  /// What the network reads in a setting, with its places: positions, or offsets in a text.
  package func input(
    _ values: [CausalValue]
  ) throws(Refusal) -> PlacedInput {
    switch form {
    case .features, .oneHot:
      var rows: [[Double]] = []
      for place in read { rows.append(try numbers(place, values[place])) }
      if layout == .row { return PlacedInput(.features([rows.flatMap(\.self)])) }
      guard Set(rows.map(\.count)).count == 1 else {
        throw Refusal(
          .job, field: "layout", found: "variables of \(Set(rows.map(\.count)).sorted()) numbers",
          expected: "as many numbers for each, where each is a position")
      }
      var places: [String: [Int]] = [:]
      for (position, place) in read.enumerated() {
        places[model.variables[place].name] = [position]
      }
      return PlacedInput(.features(rows), positions: places)
    case .tokens:
      let template = try template(values)
      var ids: [Int] = []
      var positions: [[Int]] = []
      for piece in template.words {
        let value: CausalValue
        switch piece {
        case .literal(let word): value = .text(word)
        case .variable(let name, _):
          value = values[try model.place(of: name)]
          positions.append([ids.count])
        }
        guard let token = tokens[value] else {
          throw Refusal(
            .job, field: "prompt", found: value.inWords, expected: "a value of the vocabulary")
        }
        ids.append(token)
      }
      let places = Dictionary(uniqueKeysWithValues: zip(template.mentions, positions))
      return PlacedInput(.tokens(ids), positions: renamed(places, values))
    case .text:
      let template = try template(values)
      var text = ""
      var spans: [Range<Int>] = []
      for piece in template.pieces {
        switch piece {
        case .literal(let literal):
          // Behind an empty value one space is enough.
          let isEmpty = spans.last?.isEmpty == true && spans.last?.upperBound == text.utf8.count
          let follows = text.isEmpty || text.hasSuffix(" ")
          text +=
            isEmpty && follows && literal.hasPrefix(" ") ? String(literal.dropFirst()) : literal
        case .variable(let name, let decimals):
          let start = text.utf8.count
          text += Self.text(values[try model.place(of: name)], decimals)
          spans.append(start..<text.utf8.count)
        }
      }
      let places = Dictionary(uniqueKeysWithValues: zip(template.mentions, spans))
      return PlacedInput(
        .text(text), spans: renamed(places, values).filter { !$0.value.isEmpty })
    }
  }

  private func template(_ values: [CausalValue]) throws(Refusal) -> CausalTemplate {
    let templates = prompt?.templates ?? []
    guard let chooser = prompt?.chooser else { return templates[0] }
    let value = values[try model.place(of: chooser)]
    guard case .number(let number) = value, let place = Int(exactly: number),
      templates.indices.contains(place)
    else {
      throw Refusal(
        .job, field: chooser, found: value.inWords,
        expected: "the number of a prompt, 0 to \(templates.count - 1)")
    }
    return templates[place]
  }

  private func renamed<Place>(
    _ mentions: [String: Place], _ values: [CausalValue]
  ) -> [String: Place] {
    guard let names = prompt?.places?(model.named(values)) else { return mentions }
    return names.compactMapValues { mentions[$0] }
  }

  private func numbers(_ place: Int, _ value: CausalValue) throws(Refusal) -> [Double] {
    if form == .oneHot {
      guard let values = model.values[place], let hot = values.firstIndex(of: value) else {
        throw Refusal(
          .job, field: model.variables[place].name, found: "a variable without a list of values",
          expected: "finite values, where data are one_hot")
      }
      var row = [Double](repeating: 0, count: values.count)
      row[hot] = 1
      return row
    }
    guard let numbers = value.numbers else {
      throw Refusal(
        .job, field: model.variables[place].name, found: value.inWords,
        expected: "numbers, where data are features (or form = \"one_hot\")")
    }
    return numbers
  }

  private static func text(_ value: CausalValue, _ decimals: Int?) -> String {
    guard let decimals, case .number(let number) = value else { return value.description }
    return String(format: "%.\(decimals)f", number)
  }

  /// What the network should say in a setting.
  package func label(_ values: [CausalValue]) throws(Refusal) -> ExampleLabel {
    try label(values[answer])
  }

  /// A wrong answer in a setting that an intervention made of a base: the base's own, or that of the
  /// foil's variable, or of two answers the other. Nil where there is none of these.
  func foil(of result: [CausalValue], base: [CausalValue]) throws(Refusal) -> ExampleLabel? {
    let right = result[answer]
    if base[answer] != right { return try label(base[answer]) }
    if let foil, base[foil] != right { return try label(base[foil]) }
    guard classes.count == 2, let other = classes.keys.first(where: { $0 != right }) else {
      return nil
    }
    return try label(other)
  }

  private func label(_ value: CausalValue) throws(Refusal) -> ExampleLabel {
    switch form {
    case .text: return .text(value.description)
    case .tokens, .features, .oneHot:
      guard let index = form == .tokens ? tokens[value] : classes[value] else {
        throw Refusal(
          .job, field: model.variables[answer].name, found: value.inWords,
          expected: "one of its values")
      }
      return .index(index)
    }
  }

  /// Answers that there are: classes to choose among, or tokens of the vocabulary.
  package var answerCount: Int { form == .tokens ? vocabulary.count : classes.count }
}
