import CausalModels
import Inputs
import JobFiles
import Models
import Testing
import _TestSupport

@testable import Prompts

struct ExampleFileTests {
  private let words = WordTokenizer(words: [" John", " Mary", " gave", " it", " to", "Then"])

  private func file(
    _ text: String, name: String = "data.jsonl", isIntervened: Bool = true
  ) throws(Refusal) -> [WrittenPrompt] {
    var examples = WrittenExamples(isIntervened: isIntervened)
    try DataFile.read(Array(text.utf8), file: name, .examples) { (field) throws(Refusal) in
      try examples.append(field)
    }
    return examples.prompts
  }

  private func resolver(answers: Int = 262, positions: Int = 20) -> PromptResolver {
    PromptResolver(
      words,
      PromptLimits(
        InputLimits(vocabulary: 262, width: 4, positions: positions), answers: answers, model: "m"))
  }

  private func resolved(_ text: String, answers: Int = 262) throws(Refusal) -> ResolvedPrompt {
    try resolver(answers: answers).resolve(file(text)[0])
  }

  @Test func `text is tokenized, and its places found by words, by mention and from the end`()
    throws
  {
    let example = try resolved(
      #"{"base": "Then John Mary John gave it to", "source": "Then Mary John Mary gave it to", "#
        + #""label": "Mary", "base_label": "John", "variables": ["position"], "#
        + #""places": {"again": {"text": "John", "mention": 2}, "verb": -3, "pair": [1, 2]}, "#
        + #""source_places": {"again": {"text": "Mary", "mention": 2}, "verb": "gave"}}"#)
    #expect(example.base.content == .tokens([261, 256, 257, 256, 258, 259, 260]))
    #expect(example.sources.map(\.content) == [.tokens([261, 257, 256, 257, 258, 259, 260])])
    #expect(example.answer == 257 && example.baseAnswer == 256)
    #expect(example.base.places.named == ["again": [3], "verb": [4], "pair": [1, 2]])
    #expect(example.sources[0].places.named == ["again": [3], "verb": [4]])
    #expect(example.base.places.positions(of: "last") == [6])
    #expect(example.variables == [0])
    let lines = resolver().text(example)
    #expect(lines[0].contains("|[again,pair:  John]") == false)
    #expect(lines[0].contains("[again:  John]") && lines[0].contains("-> \" John\""))
  }

  @Test func `token ids, features and several sources are read as they are`() throws {
    let tokens = #"{"base": [1, 2], "source": [3, 4], "label": 1}"#
    let ids = try resolved(
      #"{"base": [1, 2, 3], "sources": [[4, 5, 6], [7, 8, 9]], "label": 5, "variables": ["b", "a"]}"#
    )
    #expect(ids.ids == [1, 2, 3] && ids.sources.map(\.ids) == [[4, 5, 6], [7, 8, 9]])
    #expect(ids.answer == 5 && ids.variables == [0, 1])
    let features = try resolved(
      #"{"base": [[0, 1, 2.5, -1]], "source": [[1, 1, 1, 1]], "label": true}"#, answers: 2)
    #expect(features.base.content == .features([[0, 1, 2.5, -1]]) && features.answer == 1)
    #expect(try file("[\(tokens), \(tokens)]", name: "data.json").count == 2)
    let plain = try file(#"{"base": [1], "label": 0}"#, isIntervened: false)
    #expect(plain[0].example.sources.isEmpty)
  }

  @Test func `faults are named with file, line and field`() throws {
    let tokens = #"{"base": [1, 2], "source": [3, 4], "label": 1}"#
    let features = #"{"base": [[1, 2, 3, 4]], "source": [[3, 4, 5, 6]], "label": 1}"#
    func expect(
      _ line: String, answers: Int = 262, after good: String = tokens, _ texts: String...,
      location: SourceLocation = #_sourceLocation
    ) throws {
      let error = try jobRefusal(
        { () throws(Refusal) in
          let read = try file(good + "\n\n" + line)
          _ = try resolver(answers: answers).resolve(read[1])
        }, location)
      for text in ["data.jsonl", "line 3"] + texts {
        #expect(
          error.description.contains(text), "\(error.description) | \(text)",
          sourceLocation: location)
      }
    }
    try expect(
      #"{"base": [1, 2], "source": [3], "label": 1, "places": {"x": 0}}"#, "source",
      "1 positions where the base has 2")
    try expect(#"{"base": [1, 2], "source": [3, 4], "label": 262}"#, "label", "262", "0 to 261")
    try expect(#"{"base": [1, 2], "source": [3, 4], "label": 2}"#, answers: 2, "label", "0 to 1")
    try expect(#"{"base": [1, 262], "source": [3, 4], "label": 1}"#, "base[1]", "token 262")
    try expect(
      #"{"base": [1, 2], "source": [3, 4], "label": 1, "places": {"x": 2}}"#, "places.x",
      "position 2", "0 to 1")
    try expect(
      #"{"base": [1, 2], "source": [3, 4], "label": 1, "places": {"x": -3}}"#, "places.x",
      "position -3")
    try expect(
      #"{"base": "Then", "source": "Then", "label": "Mary", "places": {"x": "John"}}"#, "places.x",
      "\"John\"")
    try expect(
      #"{"base": "Then John", "source": "Then", "label": "Mary", "places": {"x": {"text": "John", "mention": 2}}}"#,
      "only 1 times")
    try expect(#"{"base": "Then", "source": "Then", "label": "Marys"}"#, "label", "2 tokens")
    try expect(#"{"base": [1], "label": 1}"#, "source", "no source")
    try expect(#"{"base": [1], "source": [2]}"#, "label", "no such field")
    try expect(#"{"base": [1], "source": [2], "label": 1, "lable": 1}"#, "lable", "did you mean")
    try expect(
      #"{"base": [[1, 2], [3]], "source": [[1]], "label": 1}"#, after: features, "base[1]",
      "1 features")
    try expect(
      #"{"base": [[1, 2, 3]], "source": [[1, 2, 3]], "label": 1}"#, after: features, "base[0]",
      "3 features", "4")
    try expect(
      #"{"base": [[1, 2]], "source": [[1, 2]], "label": 1}"#, "found features beside tokens")
    try expect(
      #"{"base": [1], "source": [2], "label": 1, "variables": ["a", "b"]}"#, "variables",
      "2 variables")
    try expect(#"{"base": [], "source": [2], "label": 1}"#, "base", "0 positions")
    try expect("{", "column 2")
    try expect("[1, 2]", "a list of 2", "an example")
    try expect(
      #"{"base": "Then", "source": "Then", "label": "Mary", "places": {"x": 1.5}}"#, "places.x",
      "a position such as 3", "words of the prompt")
    expectRefusal(naming: "data.jsonl", "an empty split") { () throws(Refusal) in
      try file("\n\n")
    }
  }

  @Test func `a causal model in the job makes its examples, whatever the form of the job`() throws {
    let text = """
      [data]
      train = 20
      test = 5
      seed = 3
      intervene = ["same"]
      form = "one_hot"
      [data.causal_model]
      require = "a != 3"
      [data.causal_model.variables.a]
      values = [1, 2, 3]
      [data.causal_model.variables.b]
      like = "a"
      [data.causal_model.variables.same]
      function = "a == b"
      [data.causal_model.variables.answer]
      function = "if(same, 'yes', 'no')"
      """
    let document = try document(text)
    let section = try document.field.anyTable().required("data", expected: "")
    let data = try FieldType.table(ExampleSection.init).value(of: section)
    let sets = try data.load(isIntervened: true)
    #expect(sets.variables == ["same"] && sets.answerCount == 2)
    let train = try #require(sets[.train])
    #expect(train.count == 20 && sets[.test]?.count == 5 && sets[.development] == nil)
    for number in 0..<20 {
      let example = try train.written(number).example
      guard case .features(let rows) = example.base.content else { continue }
      #expect(rows[0].count == 6 && rows[0][2] == 0 && rows[0].reduce(0, +) == 2)
      #expect(example.baseLabel == .index(rows[0][0..<3] == rows[0][3..<6] ? 1 : 0))
    }
    let again = try FieldType.table(ExampleSection.init).value(of: section).load(isIntervened: true)
    #expect(try again[.train]?.written(7).example == train.written(7).example)
  }

  private func data(_ text: String) throws(Refusal) -> ExampleSection {
    let section = try document("[data]\n" + text).field.anyTable().required("data", expected: "")
    return try FieldType.table(ExampleSection.init).value(of: section)
  }

  @Test func `sources set only the variables that interventions name, unless the job says more`()
    throws
  {
    let text = "causal_model = \"indirect_object_identification\"\ntrain = 5"
    #expect(
      try data(text).load(isIntervened: true, of: ["subject_position"]).variables
        == ["subject_position"])
    #expect(try data(text).load(isIntervened: true).variables.count == 2)
    #expect(
      try data(text + "\nintervene = [\"indirect_object\"]")
        .load(isIntervened: true, of: ["subject_position"]).variables == ["indirect_object"])
  }

  @Test(arguments: ["indirect_object_identification", "price_tagging", "hierarchical_equality"])
  func `examples of tasks that have one come with a wrong answer to compare with`(task: String)
    throws
  {
    let sets = try data("causal_model = \"\(task)\"\ntrain = 40").load(isIntervened: true)
    let train = try #require(sets[.train])
    for number in 0..<40 {
      let example = try train.written(number).example
      #expect(example.foil != nil && example.foil != example.label)
    }
  }

  @Test func `a task's own tokens are not a model's unless the job says so`() throws {
    let text = "causal_model = \"two_digit_addition\"\ntrain = 5"
    let assuming = try data(text)
    let error = try jobRefusal { () throws(Refusal) in try assuming.checkForm(hasTokenizer: true) }
    #expect(error.description.contains("data.form"))
    try data(text).checkForm(hasTokenizer: false)
    try data(text + "\nform = \"tokens\"").checkForm(hasTokenizer: true)
  }

  @Test func `a job's faulty causal model is refused by its field`() throws {
    func refuse(_ text: String, _ texts: String..., location: SourceLocation = #_sourceLocation)
      throws
    {
      let error = try jobRefusal(
        { () throws(Refusal) in
          let section = try document("[data]\ntrain = 5\n" + text).field.anyTable()
            .required("data", expected: "")
          _ = try FieldType.table(ExampleSection.init).value(of: section).load(isIntervened: true)[
            .train]?.written(0)
        }, location)
      for part in texts {
        #expect(
          error.description.contains(part), "\(error.description) | \(part)",
          sourceLocation: location)
      }
    }
    try refuse(
      "causal_model = \"hierarchical_equalty\"", "data.causal_model", "hierarchical_equality")
    let model = "[data.causal_model.variables]\n"
    try refuse(model + "a = {values = [1]}\nb = {function = \"c\"}", "variables.b.parents", "\"c\"")
    try refuse(
      model + "a = {function = \"b\"}\nb = {function = \"a\"}", "cycle",
      "data.causal_model.variables.b.parents, line 5")
    try refuse(
      model + "a = {values = [1]}\nb = {function = \"a +\"}", "variables.b.function",
      "found the end")
    try refuse(model + "a = {value = [1]}", "variables.a.value", "did you mean")
    try refuse(
      "intervene = [\"Q\"]\ncausal_model = \"hierarchical_equality\"", "data.intervene", "\"Q\"")
    try refuse("form = \"text\"\ncausal_model = \"hierarchical_equality\"", "no prompt")
    try refuse("seed = 1", "data.train", "a causal_model beside the number")
    expectRefusal(naming: "data.seed, line 3", "files of examples", "causal_model") {
      () throws(Refusal) in try data("train = \"f.jsonl\"\nseed = 1")
    }
    try refuse("causal_model = \"hierarchical_equality\"\ntest = 0", "data.test", "from 1")
  }
}
