internal import Interventions
internal import Models
internal import ResultsStore

extension SpecViews {
  /// All that is shown, for scripts; the keys are those of Intervene.md.
  package var json: String {
    var members: [Attribute.Member] = [
      .init("kind", .text(report.kind)), .init("model", .text(report.model)),
      .init("interventions", .list(report.entries.map(Self.attribute))),
      .init("inputs", .list(report.inputs.map { words.attribute($0) })),
    ]
    func add(_ name: String, _ list: [Attribute]) {
      if !list.isEmpty { members.append(.init(name, .list(list))) }
    }
    add("answers", report.answers.map(attribute))
    add("streams", report.streams.map(Self.attribute))
    add("continuations", report.continuations.map(attribute))
    add("losses", report.losses.map { .number(Double($0)) })
    if let count = report.trainedCount { members.append(.init("trained", .integer(count))) }
    for (name, value) in report.scalars {
      members.append(
        .init(name.replacing(".", with: "_"), .number(Double(value))))
    }
    add("tensors", report.tensors.map(Self.attribute))
    add("collected", report.collected.map(Self.attribute))
    return Attribute.table(members).json
  }

  static func attribute(_ entry: ReportedEntry) -> Attribute {
    var members: [Attribute.Member] = [
      .init("key", .text(entry.key)), .init("type", .text(entry.type)),
      .init("site", .text(entry.site.rawValue)), .init("layer", .integer(entry.layer)),
      .init("unit", .text(entry.unit)),
    ]
    if let path = entry.modulePath { members.append(.init("module", .text(path))) }
    if let width = entry.width { members.append(.init("width", .integer(width))) }
    if let source = entry.source { members.append(.init("source", .integer(source))) }
    if !entry.places.isEmpty { members.append(.init("places", .text(entry.places))) }
    return .table(members)
  }

  private func attribute(_ answer: ReportedAnswer) -> Attribute {
    var members: [Attribute.Member] = [.init("example", .integer(answer.example))]
    if let position = answer.position { members.append(.init("position", .integer(position))) }
    members.append(
      .init(
        "top",
        .list(
          answer.choices.map { choice in
            var members: [Attribute.Member] = [.init("id", .integer(choice.id))]
            if let text = words.text(choice.id) { members.append(.init("text", .text(text))) }
            if let before = choice.before {
              members += Self.members(before, "before")
            }
            return .table(members + Self.members(choice.after, "after"))
          })))
    return .table(members)
  }

  private static func members(
    _ score: ReportedAnswer.Score, _ when: String
  ) -> [Attribute.Member] {
    [
      .init("probability_\(when)", .number(score.probability)),
      .init("logit_\(when)", .number(Double(score.logit))),
    ]
  }

  private static func attribute(_ moved: StreamChange) -> Attribute {
    var members: [Attribute.Member] = [
      .init("example", .integer(moved.example)), .init("position", .integer(moved.position)),
      .init("norm_after", .number(moved.after)),
    ]
    if let before = moved.before { members.append(.init("norm_before", .number(before))) }
    if let change = moved.change { members.append(.init("norm_of_change", .number(change))) }
    return .table(members)
  }

  private func attribute(_ one: ReportedContinuation) -> Attribute {
    var members: [Attribute.Member] = [.init("example", .integer(one.example))]
    func add(_ name: String, _ ids: [Int]) {
      members.append(.init("\(name)_ids", .list(ids.map { .integer($0) })))
      if let text = words.text(ids) { members.append(.init(name, .text(text))) }
    }
    add("prompt", one.prompt)
    if let original = one.original { add("original", original) }
    add("intervened", one.intervened)
    if let parts = one.partsAfter { members.append(.init("parts_after", .integer(parts))) }
    return .table(members)
  }

  private static func attribute(_ tensor: TensorSummary) -> Attribute {
    var members: [Attribute.Member] = [
      .init("name", .text(tensor.name)), .init("shape", .list(tensor.shape.map { .integer($0) })),
      .init("norm", .number(tensor.norm)), .init("min", .number(Double(tensor.least))),
      .init("max", .number(Double(tensor.most))), .init("mean", .number(tensor.mean)),
      .init("not_finite", .integer(tensor.notFinite)),
    ]
    if let entry = tensor.entry { members.append(.init("intervention", .integer(entry))) }
    if !tensor.values.isEmpty {
      members.append(.init("values", .list(tensor.values.map { .number(Double($0)) })))
    }
    return .table(members)
  }
}

extension SpecWords {
  func attribute(_ input: ReportedInput, batch: Int? = nil) -> Attribute {
    var members: [Attribute.Member] = [
      .init("name", .text(input.name)), .init("example", .integer(input.example)),
      .init("positions", .integer(input.count)),
    ]
    if let batch { members.insert(.init("batch", .integer(batch)), at: 0) }
    if let ids = input.ids {
      members.append(.init("ids", .list(ids.map { .integer($0) })))
      if tokenizer != nil {
        members.append(.init("tokens", .list(pieces(ids).map { .text($0) })))
      }
    } else {
      members.append(.init("shape", .text(input.shape)))
    }
    members.append(.init("touched", .list(input.touched.map { .integer($0) })))
    return .table(members)
  }
}
