import CausalModels
import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

/// Facts in the forms that people have them in.
struct UsersFactTests {
  private func text(_ fact: WrittenPrompt) -> (prompt: String, subject: String?) {
    guard case .text(let prompt) = fact.example.base.content,
      case .bytes(let bytes)? = fact.subject
    else { return ("", nil) }
    return (prompt, String(decoding: Array(prompt.utf8)[bytes], as: UTF8.self))
  }

  @Test(arguments: ["facts.json", "facts.jsonl"])
  func `a byte-order mark and ends of lines of Windows change nothing`(file: String) throws {
    let isLines = file.hasSuffix("l")
    let fact =
      #"{"prompt": "Rome is in","# + (isLines ? " " : "\r\n")
      + #""subject": "Rome", "answer": "Italy"}"#
    let list = isLines ? "\(fact)\r\n\(fact)\r\n" : "[\(fact),\r\n\(fact)]\r\n"
    let facts = try PromptForm.fact.load([0xEF, 0xBB, 0xBF] + Array(list.utf8), file: file)
    #expect(facts.count == 2 && facts[1].example.label == .text("Italy"))
  }

  @Test func `the form of CounterFact is read, its subject where the braces are`() throws {
    let item = """
      {"case_id": 7, "requested_rewrite": {"prompt": "Chad, whose friend is {} of", \
      "relation_id": "P1", "target_new": {"str": "English", "id": "Q1860"}, \
      "target_true": {"str": "French", "id": "Q150"}, "subject": "Chad "}, \
      "paraphrase_prompts": ["x"], "generation_prompts": []}
      """
    let fact = try #require(try written("[\(item)]", .fact).first)
    #expect(fact.id == "7" && text(fact).prompt == "Chad, whose friend is Chad of")
    #expect(fact.subject == .bytes(22..<26) && fact.subjectText == "Chad")
    #expect(fact.example.label == .text("French") && fact.example.foil == .text("English"))
    expectRefusal(naming: "[0].requested_rewrite.prompt", "{} once") { () throws(Refusal) in
      try written("[\(item.replacing("{}", with: "him"))]", .fact)
    }
    expectRefusal(naming: "[0].requested_rewrite.target_new", "without an answer") {
      () throws(Refusal) in
      try written("[\(item.replacing("target_true", with: "target"))]", .fact)
    }
    let prompt = try #require(try written("[\(item)]", .prompt).first)
    #expect(prompt.text == "Chad, whose friend is Chad of" && prompt.subject == nil)
    #expect(prompt.example.label == .text("French") && prompt.example.foil == .text("English"))
    let inline = """
      [[data.items]]
      case_id = 7
      [data.items.requested_rewrite]
      prompt = "{} is"
      subject = "Rome"
      target_true = {str = "Italy"}
      target_new = {str = "Spain"}
      """
    let own = try spec(job(inline, data: "")).data.facts.load().chosen
    #expect(own[0].id == "7" && own[0].example.foil == .text("Spain"))
  }

  @Test func `what stands beside a fact of CounterFact is read, and its place is kept`() throws {
    let inner =
      #"{"prompt": "Chad, friend of {} is", "subject": "Chad", "target_true": {"str": "x"}}"#
    func item(_ more: String) -> String { "[{\(more)\"requested_rewrite\": \(inner)}]" }
    let fact = try written(
      item(#""known_id": 3, "counterfactual": "a b", "foil_id": 4, "case_id": 1, "#), .fact)[0]
    #expect(fact.id == "3" && fact.example.foil == .index(4))
    #expect(fact.example.sources.map(\.content) == [.text("a b")])
    let pair = try written(
      item(#""corrupted": "a b", "corrupted_places": {"it": [0]}, "places": {"it": "friend"}, "#),
      .pair(isCompared: true))[0]
    #expect(
      pair.example.sources[0].positions["it"] == [0] && pair.example.base.spans["it"] == 6..<12)
    // Token ids count before the text, and their range before the braces.
    let ids = try written(item(#""input_ids": [5, 6, 7], "subject_range": [1, 2], "#), .fact)[0]
    #expect(ids.subject == .tokens(1..<2) && ids.example.base.content == .tokens([5, 6, 7]))
    for (form, more, names) in [
      (PromptForm.fact, #""foil_id": "a", "#, ["[0].foil_id"]),
      (.fact, #""subject": "Chad", "#, ["[0].subject", "requested_rewrite.subject"]),
    ] as [(PromptForm, String, [String])] {
      let error = try jobRefusal { () throws(Refusal) in try written(item(more), form) }
      #expect(names.allSatisfy(error.description.contains) && !error.field.contains("rewrite.foil"))
    }
    // In the job itself too, read once more as the run's folder keeps it.
    let record = """
      {"case_id": 7, "pararel_idx": 1, "foil": "y", "requested_rewrite": \(inner), \
      "paraphrase_prompts": ["x"], "neighborhood_prompts": [], "attribute_prompts": [], \
      "generation_prompts": []}
      """
    func own(_ form: PromptForm, _ text: String) throws(Refusal) -> (WrittenPrompt, String) {
      let value = JobValue(json: try JSON.parse(Array(text.utf8), file: "job.json", kind: .job))
      let field = JobField(value, at: JobPlace(file: "job.json"))
      let prompts = try form.items.value(of: field)
      return (prompts[0], JobText.canonicalJSON(form.items.canonical(prompts)))
    }
    let (first, kept) = try own(.fact, "[\(record)]")
    let (second, again) = try own(.fact, kept)
    #expect(first.subject == .bytes(16..<20) && second.subject == first.subject && kept == again)
    #expect(second.id == "7" && second.example.label == .text("x"))
    #expect(second.example.foil == .text("y") && second.text == "Chad, friend of Chad is")
    let moved = record.replacing("Chad, friend of {}", with: "{}, friend of Chad")
    #expect(try own(.fact, "[\(moved)]").1 != kept)
    #expect(try own(.prompt, "[\(record)]").0.example.foil == .text("y"))
    for wrong in [
      record.replacing("case_id", with: "case"), record.replacing("target_true", with: "target"),
    ] {
      expectRefusal(naming: "unknown field") { () throws(Refusal) in
        try own(.prompt, "[\(wrong)]")
      }
    }
  }

  @Test(arguments: [
    (#""prompt": "{} is", "subject": "a", "target_true": {"id": "Q150"}"#, "target_true.str"),
    (#""prompt": "{} is", "subject": "a", "target_true": {"str": null}"#, "target_true.str"),
    (#""prompt": "{} is", "subject": "a", "target_true": {"str": 5}"#, "target_true.str"),
    (#""prompt": 5, "subject": "a", "target_true": "x""#, "prompt: found the number 5"),
    (#""prompt": "{} is", "subject": ["a"], "target_true": "x""#, "subject: found a list of 1"),
    (#""prompt": "{} is", "target_true": "x""#, "subject: found no such field"),
    (#""prompt": "{} is", "subject": "a", "target_true": "x", "target_new": "x""#, "target_new"),
  ])
  func `a part of CounterFact's form that is not as it should be is refused where it stands`(
    inner: String, at place: String
  ) throws {
    for form in [PromptForm.fact, .prompt] {
      expectRefusal(naming: "[0].requested_rewrite.\(place)") { () throws(Refusal) in
        try written("[{\"requested_rewrite\": {\(inner)}}]", form)
      }
    }
  }

  @Test func `a subject within a longer word alone is told`() throws {
    let facts = try written(
      #"""
      [{"prompt": "Chadwick is", "subject": "Chad"}, {"prompt": "日本の首都は", "subject": "日本"},
       {"prompt": "Rome is", "subject": "Rome"}]
      """#, .fact)
    #expect(facts.map(\.subjectIsPart) == [true, false, false])
    let line = try #require(WrittenPrompt.partLine(facts))
    #expect(line.hasPrefix("1 of 3 subjects") && line.contains(#""Chad" at [0]"#))
    #expect(
      try written(#"[{"prompt": "Chadwick is", "subject": "Chad"}]"#, .factOfROME)[0].subjectIsPart
        == false)
  }

  @Test(arguments: [
    ("Chadwick met Chad and", "Chad", 13..<17), ("Chadwick and", "Chad", 0..<4),
    ("Rome is in", "Rome ", 0..<4), ("Rome is in", "\tRome\u{A0}", 0..<4),
    ("Le cafe\u{301} est", "caf\u{E9}", 3..<9), ("Le caf\u{E9} est", "cafe\u{301} ", 3..<8),
    ("caf\u{E9}s, cafe\u{301}", "caf\u{E9}", 8..<14), ("cafe\u{301} or cafe", "cafe", 10..<14),
    ("日本の首都は", "日本", 0..<6),
  ])
  func `a subject is its first whole words, without blanks, however accents are put`(
    prompt: String, subject: String, range: Range<Int>
  ) throws {
    let fact = JobValue.fields([
      "prompt": .text(prompt), "subject": .text(subject), "answer": .text("x"),
    ])
    let read = try PromptForm.fact.read(JobField(fact, at: JobPlace(file: "f.json")), number: 0)
    #expect(read.subject == .bytes(range))
    #expect(read.subjectText?.last?.isWhitespace == false)
  }

  @Test func `parity with ROME takes the first letters and the blank`() throws {
    let text = """
      [[data.items]]
      prompt = "Chadwick met Chad and"
      subject = "Chad "
      answer = "x"
      [[data.items]]
      id = "b"
      prompt = "Chadwick met Chad and"
      subject = "Chad"
      answer = "x"
      """
    func subjects(_ parity: String) throws -> [WrittenPrompt.Subject?] {
      let job = "parity = \"\(parity)\"\n" + job(text, data: "")
      return try spec(job).data.facts.load().chosen.map(\.subject)
    }
    #expect(try subjects("none") == [.bytes(13..<17), .bytes(13..<17)])
    #expect(try subjects("rome") == [.bytes(13..<18), .bytes(0..<4)])
  }
}
