internal import Inputs
internal import JobFiles

/// Facts in the form of CounterFact: Meng et al., 2022, <https://arxiv.org/abs/2202.05262>, section 3.3.
extension PromptForm {
  /// Takes a subject's place from the braces, and keeps them in the canonical form, which otherwise
  /// would not say which of two mentions it is.
  func take(_ rewrite: Rewrite, in prompt: inout WrittenPrompt) {
    // A range of tokens counts before it.
    if !findsLetters, case .bytes? = prompt.subject {
      (prompt.subject, prompt.subjectIsPart) = (rewrite.subject, false)
    }
    guard hasSubject, case .table(var table) = prompt.canonical.content else { return }
    for name in rewrite.names { table[name] = nil }
    table["requested_rewrite"] = rewrite.canonical
    prompt.canonical = JobValue(.table(table))
  }

  /// What CounterFact's records hold beside the fact itself.
  private static let besideRewrites = [
    "requested_rewrite", "case_id", "pararel_idx", "paraphrase_prompts", "neighborhood_prompts",
    "attribute_prompts", "generation_prompts",
  ]

  /// A fact in the form of CounterFact.
  struct Rewrite {
    /// The subject's place in the prompt.
    package let subject: WrittenPrompt.Subject
    /// The table `requested_rewrite` by what is read of it.
    package let canonical: JobValue
    /// Names by which its parts stand in a fact's canonical form, of which it takes the place.
    package let names: [String]
  }

  /// An item in the form of CounterFact as one by our names, with what has them; others as they are.
  ///
  /// Its `requested_rewrite` has a prompt with `{}` for the subject, the subject, and the targets, as
  /// texts or as tables with their text as `str`. What stands beside it is read as of any item. Meng et
  /// al., 2022, <https://arxiv.org/abs/2202.05262>, section 3.3.
  ///
  /// - Parameter isOwn: Whether it stands in the job itself, where unknown names are refused.
  func rewrite(
    _ field: JobField, isOwn: Bool
  ) throws(Refusal) -> (field: JobField, rewrite: Rewrite?) {
    let name = "requested_rewrite"
    guard case .table(var table) = field.value.content, let written = table[name],
      !base.texts.contains(where: { table[$0] != nil })
    else { return (field, nil) }
    let whole = table
    for key in Self.besideRewrites { table[key] = nil }
    var ways: [String: [String]] = [:]
    if table["id"] == nil, table["known_id"] == nil, let id = whole["case_id"] {
      (table["id"], ways["id"]) = (id, ["case_id"])
    }
    var f = try Fields(
      JobField(written, at: field.place.member(name, origin: written.origin)), folder: "")
    let template = try f.required(
      "prompt", .words("a prompt"), "A sentence with {} where the subject stands.")
    let words = try f.required("subject", .words("a subject"), "The subject.")
    _ = try f.optional("relation_id", .any("anything"), "Passed over.")
    var targets: [(key: String, value: JobValue)] = []
    for key in ["target_true", "target_new"] {
      _ = try f.optional(key, .any("a text, or a table with it as str"), "A target.")
      guard let target = f.written(key) else { continue }
      ways[key] = [name, key]
      var value = target.value
      if case .table = value.content {
        let text = try target.anyTable().required("str", expected: "the target's text")
        guard case .string = text.value.content else {
          throw text.refusal(expected: "the target's text")
        }
        value = text.value
        ways[key] = [name, key, "str"]
      }
      targets.append((key, value))
    }
    if isOwn, !hasSubject { _ = try f.end() }
    let slots = template.utf8Ranges(of: "{}")
    guard slots.count == 1, let slot = slots.first else {
      throw f.place(of: "prompt").refusal(
        "the text \(quoted(template))",
        expected: "a text with {} once, where the subject stands")
    }
    let bare = findsLetters ? words : trimmed(words)
    let text = Array(template.utf8)
    let filled = text[..<slot.lowerBound] + Array(bare.utf8) + text[slot.upperBound...]
    func value(_ text: String, _ key: String) -> JobValue {
      JobValue(.string(text), origin: f.written(key)?.value.origin ?? .unknown)
    }
    var parts = [("prompt", value(String(decoding: filled, as: UTF8.self), "prompt"))]
    if hasSubject { parts.append(("subject", value(bare, "subject"))) }
    for key in ["prompt", "subject"] { ways[key] = [name, key] }
    var canonical = JobTable()
    (canonical["prompt"], canonical["subject"]) = (.text(template), .text(bare))
    for (key, value) in targets { canonical[key] = value }
    for (key, value) in parts + targets {
      guard table.insert(value, forKey: key) else {
        throw field.place.member(key, origin: table[key]?.origin ?? .unknown).refusal(
          "\(key) beside \(name).\(key)", expected: "one of the two, since they mean the same")
      }
    }
    let isAnswered = answer.texts.contains { $0 != "target_true" && whole[$0] != nil }
    let place = field.place.finding(ways)
    return (
      JobField(JobValue(.table(table), origin: field.value.origin), at: place),
      Rewrite(
        subject: .bytes(slot.lowerBound..<slot.lowerBound + bare.utf8.count),
        canonical: JobValue(.table(canonical)),
        names: ["prompt", "subject"]
          + targets.compactMap {
            $0.key == "target_new" ? $0.key : isAnswered ? nil : answer.texts[0]
          })
    )
  }
}
