package import Inputs
package import JobFiles

/// The prompts of a job, in a file or in the job itself, and which of them are taken.
package struct PromptSection: Sendable {
  private enum Source: Sendable {
    case file(JobPath)
    /// `[[data.items]]`, in the job itself.
    case inline([WrittenPrompt])
  }

  private let source: Source
  private let form: PromptForm
  /// At most so many, the first of those chosen by `ids`.
  private let limit: Int?
  /// Only these, in the data's order.
  private let ids: [String]?
  private let idsPlace: JobPlace
  package let longAnswers: LongAnswers

  /// - Parameters:
  ///   - key: The field of the file.
  ///   - answers: What may be done with answers of several tokens.
  ///   - before: What follows the choice, for the manual.
  package init(
    _ f: inout Fields, _ key: String, of form: PromptForm,
    answers: [LongAnswers] = [.oneToken, .firstToken], before: String = ""
  ) throws(Refusal) {
    self.form = form
    let plural = form.plural
    let others = ["facts", "pairs", "prompts", "texts"].filter { $0 != key && f.has($0) }
    if let other = others.first, !f.has(key), !f.has("items") {
      throw f.place(of: other).refusal(
        "\(other), which this kind of job does not read",
        expected: "\(key), a file of \(plural), or [[data.items]]")
    }
    let items = try f.optional(
      "items", form.items, apartFrom: [key],
      "The \(plural) in the job itself, in place of a file.")
    let file = try f.optional(
      key,
      .path("a file of \(plural), or [[data.items]]").holding { (f) throws(Refusal) in
        try form.read(&f, number: 0)
      }, needed: Fields.When(items == nil, "without items"),
      "A JSON list of \(plural), an object around one (the one called so, or the only one), or JSON "
        + "lines (.jsonl, .ndjson, or a first line that is an object).")
    source = items.map { .inline($0) } ?? .file(file ?? JobPath(written: "", resolved: ""))
    limit = try f.optional(
      "limit", .int(1...Int(Int32.max)), usually: "all",
      "At most so many \(plural): the first of those that ids chooses\(before).")
    idsPlace = f.place(of: "ids")
    let id = FieldType.promptID.called("the id of a \(form.noun), an integer or text")
    ids = try f.optional(
      "ids", .list(of: id, "ids", isSet: true), usually: "all",
      "Only these \(plural), in the data's order.")
    longAnswers = try f.field(
      "answer", .choice(of: answers), or: .oneToken, isImplied: true,
      LongAnswers.says(answers, form.noun))
  }

  /// Whose answers are all of several tokens.
  package func refuseSkippingAll(_ prompts: [ResolvedPrompt]) throws(Refusal) {
    guard let first = prompts.first, prompts.allSatisfy({ $0.skipped != nil }) else { return }
    throw first.place.refusal(
      "\(first.skipped ?? ""), as of all \(prompts.count) \(form.plural)",
      expected: longAnswers == .oneToken
        ? "answers of one token, or data.answer = \"first_token\""
        : "answers and foils whose first tokens differ")
  }

  /// - Returns: The prompts of the job, all that they were chosen from, and the digest of their file.
  package func load() throws(Refusal) -> (
    chosen: [WrittenPrompt], all: [WrittenPrompt], digest: String?
  ) {
    switch source {
    case .inline(let prompts): return (try select(prompts), prompts, nil)
    case .file(let path):
      let file = try path.reading { () throws(Refusal) in try form.load(path.resolved) }
      return (try select(file.prompts), file.prompts, file.digest)
    }
  }

  /// Those that `ids` names, at most `limit` of them.
  package func select(_ prompts: [WrittenPrompt]) throws(Refusal) -> [WrittenPrompt] {
    var chosen = prompts
    if let ids {
      let known = Set(prompts.map { ByteKey($0.id) })
      if let unknown = ids.first(where: { !known.contains(ByteKey($0)) }) {
        let near = nearest(to: unknown, among: prompts.map(\.id)).map { " (did you mean \($0)?)" }
        throw idsPlace.refusal(
          "the id \(quoted(unknown))",
          expected: "ids of the \(prompts.count) \(form.plural) in "
            + escaped(prompts[0].place.file) + (near ?? ""))
      }
      let wanted = Set(ids.map(ByteKey.init))
      chosen = prompts.filter { wanted.contains(ByteKey($0.id)) }
    }
    return limit.map { Array(chosen.prefix($0)) } ?? chosen
  }
}
