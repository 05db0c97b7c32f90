internal import CausalModels
package import Inputs
package import JobFiles

/// By which names a kind of data calls the parts of a prompt.
///
/// Of names that mean the same the first that is given counts, and token ids before text. What has
/// other names is passed over in a file, and refused in the job itself.
package struct PromptForm: Sendable {
  /// A part of a prompt: the names of its text and of its token ids.
  package struct Part: Sendable {
    package let texts: [String]
    package let ids: [String]
    package let says: String

    package init(_ texts: [String], _ ids: [String], _ says: String) {
      (self.texts, self.ids, self.says) = (texts, ids, says)
    }
  }

  /// What one is called, and what many are.
  let noun: String
  package let plural: String
  package let base: Part
  let hasSubject: Bool
  package let answer: Part
  private let foil: Part
  private let other: Part
  /// Whether there must be another prompt; nil: what is said of one is left unread.
  private let needsOther: Bool?
  private let places: [String]
  private let otherPlaces: [String]
  /// What must be there, in words.
  private let needs: String
  /// Whether a subject is where its letters first are, in whatever word and with its blanks.
  private(set) var findsLetters = false

  /// What stands between a prompt and an answer, for the manual.
  static let spacing =
    "A space is put before it, unless it has one or the prompt ends in a blank, an opening bracket or "
    + "quotation mark, a sign with no blank before it (2+2=), or a script without blanks."

  private static let answerSays =
    "The next word, one token; without it the clean run's most probable token. " + spacing

  /// The same, with subjects where the code of Meng et al., 2022, finds them.
  package static let factOfROME: PromptForm = {
    var form = fact
    form.findsLetters = true
    return form
  }()

  /// Sentences whose answer hangs on their subject.
  ///
  /// Their names are those of the known facts of Meng et al., 2022, <https://arxiv.org/abs/2202.05262>.
  package static let fact = PromptForm(
    noun: "fact", plural: "facts",
    base: Part(
      ["prompt"], ["input_ids"], "A sentence up to its answer. No token is put before it."),
    hasSubject: true,
    answer: Part(
      ["answer", "attribute", "target_true"], ["answer_id"], answerSays),
    foil: Part(
      ["foil", "target_new", "target_false"], ["foil_id"],
      "Another answer, whose logit a logit difference takes off that of the answer; without it that "
        + "of the clean run's runner-up."),
    other: Part(
      ["counterfactual"], ["counterfactual_ids"],
      "The prompt of the corrupted run with corrupt.by = \"counterfactual\", of as many tokens."),
    needsOther: false, places: [], otherPlaces: [],
    needs:
      "prompt and subject, or input_ids and subject_range together; or requested_rewrite, as "
      + "CounterFact has it")

  /// Prompts with others that they are compared with, unless they are compared with noise.
  package static func pair(isCompared: Bool) -> PromptForm {
    sweep("pair", needsOther: isCompared ? true : nil)
  }

  /// Prompts of the same names that are compared with none.
  package static let prompt = sweep("prompt", needsOther: nil)

  private static func sweep(_ noun: String, needsOther: Bool?) -> PromptForm {
    PromptForm(
      noun: noun, plural: noun + "s",
      base: Part(
        ["clean", "base", "prompt", "text"], ["clean_ids", "base_ids", "input_ids", "ids"],
        "The prompt up to its answer. No token is put before it."), hasSubject: false,
      answer: Part(
        ["answer", "io", "attribute", "label", "target_true"], ["answer_id", "io_id"], answerSays),
      foil: Part(
        ["foil", "s", "target_new", "target_false"], ["foil_id", "s_id"],
        "Another answer, which logit_difference compares it with."),
      other: Part(
        ["corrupted", "source"], ["corrupted_ids", "source_ids"],
        "The prompt of the corrupted run."),
      needsOther: needsOther, places: ["places", "positions"],
      otherPlaces: ["corrupted_places", "source_places"],
      needs: "clean (or base, or prompt), or clean_ids"
        + (needsOther == true ? "; and corrupted (or source), or corrupted_ids" : ""))
  }

  /// A list of prompts in the job itself.
  package var items: FieldType<[WrittenPrompt]> {
    FieldType(
      "a list of \(plural)", placeholder: [], canonical: { .items($0.map(\.canonical)) }
    ) { (field, _) throws(Refusal) in
      var prompts: [WrittenPrompt] = []
      for item in try field.items() {
        let (item, rewrite) = try rewrite(item, isOwn: true)
        var f = try Fields(item, folder: "")
        var prompt = try read(&f, number: prompts.count, isOwn: true)
        if let rewrite { take(rewrite, in: &prompt) }
        // A fact is kept by its names above, and what it has beside them passed over here too.
        if !hasSubject {
          _ = try f.end()
          prompt.canonical = item.value
        }
        prompts.append(prompt)
      }
      guard !prompts.isEmpty else {
        throw field.place.refusal("no \(plural), so no units", expected: "at least one \(noun)")
      }
      try WrittenPrompt.refuseDuplicates(prompts)
      return prompts
    }
  }

  /// The prompts of a file, and the digest of its bytes.
  package func load(_ file: String) throws(Refusal) -> (prompts: [WrittenPrompt], digest: String) {
    let bytes = try DataFile.bytes(of: file)
    return (try load(bytes, file: file), Digest.of(bytes))
  }

  /// - Parameter file: The name that refusals give, and whose ending tells the form.
  package func load(_ bytes: [UInt8], file: String) throws(Refusal) -> [WrittenPrompt] {
    var prompts: [WrittenPrompt] = []
    let lists = hasSubject ? ["facts"] : ["pairs", "prompts", "facts"]
    try DataFile.read(bytes, file: file, .objects(lists)) { (field) throws(Refusal) in
      prompts.append(try read(field, number: prompts.count))
    }
    try WrittenPrompt.refuseDuplicates(prompts)
    return prompts
  }

  package func read(_ field: JobField, number: Int) throws(Refusal) -> WrittenPrompt {
    let (field, rewrite) = try rewrite(field, isOwn: false)
    var f = try Fields(field, folder: "")
    var prompt = try read(&f, number: number)
    if let rewrite { take(rewrite, in: &prompt) }
    return prompt
  }

  /// - Parameters:
  ///   - number: The id of a prompt that has none.
  ///   - isOwn: Whether it stands in the job itself, where names that mean the same must say the same.
  package func read(
    _ f: inout Fields, number: Int, isOwn: Bool = false
  ) throws(Refusal) -> WrittenPrompt {
    let id = try f.first(
      of: ["id", "known_id"], .promptID, "Its name in the data; else its number, from 0.")
    let said = try input(base, &f, isOwn: isOwn)
    let (words, range) = try subject(&f)
    let right = try label(answer, &f, isOwn: isOwn)
    let wrong = try label(foil, &f, isOwn: isOwn)
    let compared = try needsOther == nil ? nil : input(other, &f, isOwn: isOwn)
    let placed = try f.first(of: places, .any(PlacedInput.placesWords), "Names for positions.")
    let otherPlaced = try f.first(
      of: otherPlaces, .any("such a table"), "The same for the corrupted prompt; else places hold.")
    if needsOther == nil {
      _ = try f.first(of: other.texts + other.ids, .any("anything"), "Passed over.")
    }
    guard !f.isManual else {
      let none = CounterfactualExample(base: PlacedInput(.tokens([0])), label: .index(0))
      return WrittenPrompt(none, id: "", at: f.place)
    }

    let subjectKey = said?.ids == nil ? "subject" : "subject_range"
    let missing = [
      said == nil ? base.texts[0] : nil, hasSubject && !f.has(subjectKey) ? subjectKey : nil,
      needsOther == true && compared == nil ? other.texts[0] : nil,
    ].compactMap { $0.map { "no \($0)" } }
    guard missing.isEmpty, let said else {
      throw f.place.refusal(missing.joined(separator: ", "), expected: needs)
    }
    if let wrong {
      guard let right else {
        throw f.place(of: wrong.key).refusal(
          "a \(wrong.key) without an answer", expected: "\(answer.texts[0]) beside it")
      }
      guard wrong.label != right.label else {
        throw f.place(of: wrong.key).refusal("the \(right.key) itself", expected: "another answer")
      }
    }
    var example = CounterfactualExample(
      base: PlacedInput(said.content), label: right?.label ?? .index(0))
    example.foil = wrong?.label
    example.sources = compared.map { [PlacedInput($0.content)] } ?? []
    if let field = placed.flatMap({ f.written($0.key) }) {
      try example.base.readPlaces(
        field, mayBeNowhere: true, apartFrom: PromptPlaces.usualNames)
    }
    let otherKey = (otherPlaced ?? placed)?.key
    if let field = otherKey.flatMap({ f.written($0) }) {
      for number in example.sources.indices {
        try example.sources[number].readPlaces(
          field, mayBeNowhere: true, apartFrom: PromptPlaces.usualNames)
      }
    }
    var prompt = WrittenPrompt(example, id: id?.value ?? "\(number)", at: f.place)
    prompt.hasAnswer = right != nil
    (prompt.text, prompt.subjectText) = (said.text, findsLetters ? words : words.map(trimmed))
    prompt.subject = try place(prompt.subjectText, range, of: said, in: f)
    if !findsLetters, case .bytes(let bytes)? = prompt.subject, let text = said.text {
      prompt.subjectIsPart = !text.isWhole(bytes) && !text.hasNoBlanks(at: bytes)
    }
    (prompt.answerBeside, prompt.foilBeside) = (right?.beside, wrong?.beside)
    (prompt.foilDiffers, prompt.sharing) = (true, otherPlaced == nil ? .loose : .none)
    prompt.keys = WrittenPrompt.Keys(
      base: said.key, source: compared?.key ?? other.texts[0],
      answer: right?.key ?? answer.texts[0],
      foil: wrong?.key ?? "", places: placed?.key ?? "", sourcePlaces: otherKey ?? "")
    prompt.canonical = canonical(f.canonical, id: prompt.id)
    return prompt
  }

  /// An input as it is given: its tokens, its text, or both.
  private struct Given {
    package let ids: [Int]?
    package let text: String?
    package let key: String

    package var content: ExampleInput { ids.map { .tokens($0) } ?? .text(text ?? "") }
  }

  private func input(
    _ part: Part, _ f: inout Fields, isOwn: Bool
  ) throws(Refusal) -> Given? {
    let text = try f.first(of: part.texts, agree: isOwn, .words("a prompt"), part.says)
    let ids = try f.first(
      of: part.ids, agree: isOwn, .tokenIDs(), "Its tokens, which count before its text.")
    guard let key = ids?.key ?? text?.key else { return nil }
    return Given(ids: ids?.value, text: text?.value, key: key)
  }

  /// An answer as it is given: its token, its text, or both.
  private struct GivenAnswer {
    package let label: ExampleLabel
    package let key: String
    /// Its text beside its token.
    package var beside: (text: String, key: String)?
  }

  private func label(
    _ part: Part, _ f: inout Fields, isOwn: Bool
  ) throws(Refusal) -> GivenAnswer? {
    let said = try f.first(of: part.texts, agree: isOwn, .answer(), part.says)
    let id = try f.first(
      of: part.ids, agree: isOwn, .tokenID, "Its token, which counts before its text.")
    guard let id else { return said.map { GivenAnswer(label: $0.value, key: $0.key) } }
    var given = GivenAnswer(label: .index(id.value), key: id.key)
    switch said?.value {
    case .text(let text)?: given.beside = said.map { (text, $0.key) }
    case .index(let other)? where other != id.value:
      throw f.place(of: id.key).refusal(
        "token \(id.value) beside \(said?.key ?? "") = \(other)",
        expected: "one of the two, since they mean the same")
    default: break
    }
    return given
  }

  private func subject(_ f: inout Fields) throws(Refusal) -> (words: String?, range: [Int]?) {
    guard hasSubject else { return (nil, nil) }
    return (
      try f.optional(
        "subject", .words("a subject"),
        "Words of the prompt that the answer hangs on, where they first stand as whole words; with "
          + "parity = \"rome\" where their letters first do."),
      try f.optional(
        "subject_range", .list(of: .tokenID, "tokens", count: 2...2),
        "The subject's first token and one past its last, needed beside input_ids.")
    )
  }

  /// Without blanks at its ends, whose tokens are not the subject's.
  package func trimmed(_ words: String) -> String {
    let end = words.reversed().drop(while: \.isWhitespace).reversed()
    return String(end.drop(while: \.isWhitespace))
  }

  /// Where a subject is.
  private func place(
    _ words: String?, _ range: [Int]?, of said: Given, in f: Fields
  ) throws(Refusal) -> WrittenPrompt.Subject? {
    let bytes = said.text.flatMap { text in
      words.flatMap { words in
        (findsLetters ? text.firstUTF8Range(of: words) : nil) ?? text.wordRanges(of: words).first
      }
    }
    if let text = said.text, let words, bytes == nil {
      throw f.place(of: "subject").refusal(
        "\(quoted(words)), which is not in the prompt \(quoted(text))",
        expected: "words of the prompt")
    }
    guard let ids = said.ids, let range else { return bytes.map { .bytes($0) } }
    guard range[0] < range[1], range[1] <= ids.count else {
      throw f.place(of: "subject_range").refusal(
        "[\(range[0]), \(range[1])]",
        expected: "the subject's first token and one past its last, within \(ids.count) tokens")
    }
    return .tokens(range[0]..<range[1])
  }

  /// A fact as a job would hold it: with its id, and each part by the first of its names.
  private func canonical(_ read: JobTable, id: String) -> JobValue {
    let parts = [base, Part(["subject"], ["subject_range"], ""), answer, foil]
    let keys = parts.flatMap(\.texts) + parts.flatMap(\.ids) + other.texts + other.ids
    var table = JobTable()
    table["id"] = .text(id)
    for key in keys {
      guard let value = read[key] else { continue }
      _ = table.insert(value, forKey: answer.texts.contains(key) ? answer.texts[0] : key)
    }
    return JobValue(.table(table))
  }
}
