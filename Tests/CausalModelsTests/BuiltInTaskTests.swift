import Inputs
import Testing

@testable import CausalModels

struct BuiltInTaskTests {
  @Test(arguments: BuiltInTask.allCases)
  func `a built-in task makes examples whose labels its model gives`(_ name: BuiltInTask) throws {
    let task = try name.task()
    let rendering = try CausalRendering(
      task.model, task.form, prompt: task.prompt, answer: task.answer)
    let sampling = try CausalSampling(
      task.model, seed: 5, name: "train", draw: task.draw, intervene: task.intervene,
      shared: task.shared)
    var changed = 0
    for i in 0..<60 {
      let made = try sampling.counterfactual(i)
      let example = try rendering.example(made, of: sampling.intervened)
      #expect(example.sources.count == example.variables.count && !example.sources.isEmpty)
      #expect(example.baseLabel == (try rendering.label(made.base)))
      #expect(example.label == (try rendering.label(made.result)))
      if example.label != example.baseLabel { changed += 1 }
      if case .index(let label) = example.label {
        #expect((0..<rendering.answerCount).contains(label))
      }
    }
    #expect(changed > 5, "interventions that change the answer")
  }

  @Test func `hierarchical equality is 16 numbers, and its label whether the pairs are alike`()
    throws
  {
    let task = try CausalTask.hierarchicalEquality()
    let rendering = try CausalRendering(task.model, .features)
    let sampling = try CausalSampling(task.model, seed: 1, name: "train")
    for i in 0..<50 {
      let example = try rendering.example(sampling.factual(i))
      guard case .features(let rows) = example.base.content else {
        Issue.record("no features")
        return
      }
      #expect(rows.count == 1 && rows[0].count == 16)
      let pair = (rows[0][0..<4] == rows[0][4..<8], rows[0][8..<12] == rows[0][12..<16])
      #expect(example.label == .index(pair.0 == pair.1 ? 1 : 0))
    }
  }

  @Test func `prices are written with cents, and answered by the range`() throws {
    let task = try CausalTask.priceTagging()
    let rendering = try CausalRendering(task.model, .text, prompt: task.prompt)
    let model = task.model
    let run = try model.run(
      model.placed(["lower": .number(2), "width": .number(3.5), "amount": .number(5.5)]))
    let example = try rendering.example(run)
    #expect(
      example.base.content
        == .text(
          "Answer Yes if the price is from 2.00 to 5.50 dollars, and No if it is not.\n"
            + "The price is 5.50 dollars.\nAnswer:"))
    #expect(example.label == .text("Yes"))
    let cents = try CausalSampling(model, seed: 1, name: "t")
    for i in 0..<100 {
      let values = try cents.factual(i)
      for name in ["lower", "width", "amount", "upper"] {
        guard case .number(let number) = values[try model.place(of: name)] else { continue }
        #expect(abs(number * 100 - (number * 100).rounded()) < 1e-9)
      }
    }
  }

  @Test func `the mentions of the people are named, and the answer is the one not repeated`() throws
  {
    let task = try CausalTask.indirectObject()
    let rendering = try CausalRendering(
      task.model, .text, prompt: task.prompt, answer: task.answer)
    let model = task.model
    for repeated in ["first", "second"] {
      let run = try model.run(
        model.placed([
          "template": .number(0), "location": .text("library"), "object": .text("map"),
          "first": .text("Anna"), "second": .text("Tom"), "repeated": .text(repeated),
        ]))
      let example = try rendering.example(run)
      guard case .text(let prompt) = example.base.content else {
        Issue.record("no text")
        return
      }
      let subject = repeated == "first" ? "Anna" : "Tom"
      #expect(
        prompt == "As Anna and Tom came out of the library, \(subject) handed the map to")
      func words(_ place: String) throws -> String {
        let span = try #require(example.base.spans[place])
        return String(decoding: Array(prompt.utf8)[span], as: UTF8.self)
      }
      #expect(try words("subject_first") == subject && words("subject_second") == subject)
      #expect(try words("indirect_object") == (repeated == "first" ? "Tom" : "Anna"))
      let (one, two) = (
        try #require(example.base.spans["subject_first"]),
        try #require(example.base.spans["subject_second"])
      )
      #expect(one.upperBound < two.lowerBound && two.lowerBound > 30)
      #expect(example.label == .text(repeated == "first" ? "Tom" : "Anna"))
    }
    let words = IndirectObjectWords.self
    #expect(Set(words.names).count == words.names.count && words.names.count >= 50)
  }

  @Test(arguments: [2, 3])
  func `addition carries, and a number's token is the number`(digits: Int) throws {
    let task = try CausalTask.addition(digits: digits)
    let rendering = try CausalRendering(task.model, .tokens, prompt: task.prompt)
    let sampling = try CausalSampling(task.model, seed: 1, name: "t", draw: .uniform)
    for i in 0..<200 {
      let example = try rendering.example(sampling.factual(i))
      guard case .tokens(let ids) = example.base.content else {
        Issue.record("no tokens")
        return
      }
      #expect(ids.count == 2 * digits + 2)
      let a = ids[0..<digits].reduce(0) { $0 * 10 + $1 }
      let b = ids[(digits + 1)..<(2 * digits + 1)].reduce(0) { $0 * 10 + $1 }
      #expect(example.label == .index(a + b))
      #expect(rendering.vocabulary[ids[digits]] == .text("+"))
      #expect(example.base.positions["a_1"] == [digits - 1])
    }
    // 58 + 67: the ones hand one on; without it the tens are one less.
    let model = task.model
    var base: [String: CausalValue] = [
      "a_1": .number(8), "a_2": .number(5), "b_1": .number(7), "b_2": .number(6),
    ]
    for place in 3..<(digits + 1) {
      (base["a_\(place)"], base["b_\(place)"]) = (.number(0), .number(0))
    }
    #expect(try model.forward(base)["sum"] == .number(125))
    #expect(
      try model.forward(base.merging(["carry_1": .boolean(false)]) { $1 })["sum"] == .number(115))
  }

  @Test func `every dog and some dog not contradict each other, and entail with that forced`()
    throws
  {
    let model = try CausalTask.multiplyQuantified().model
    #expect(model.inputs.count == 18 && model.outputs.map { model.variables[$0].name } == ["QP_S"])
    var words: [String: CausalValue] = [:]
    for name in model.inputs.map({ model.variables[$0].name }) { words[name] = .text("") }
    for (name, word) in [
      ("Q_P_S", "every"), ("Q_H_S", "some"), ("N_P_S", "sailor"), ("N_H_S", "sailor"),
      ("Neg_H", "not"), ("V_P", "found"), ("V_H", "found"), ("Q_P_O", "some"), ("Q_H_O", "some"),
      ("N_P_O", "bridge"), ("N_H_O", "bridge"),
    ] { words[name] = .text(word) }
    #expect(try model.forward(words)["QP_S"] == .text("contradiction"))
    words["QP_O"] = .text("contradiction")
    #expect(try model.forward(words)["QP_S"] == .text("entails"))
  }

  @Test func `quantified statements relate as in sets of things`() {
    func relation(_ a: Quantifier, _ b: Quantifier, _ r: NaturalRelation, _ s: NaturalRelation)
      -> NaturalRelation?
    { Quantifier.relation(a, b, restrictors: r, scopes: s) }
    // The square of opposition, with restrictors that are not empty.
    #expect(relation(.every, .some, .equivalence, .equivalence) == .entails)
    #expect(relation(.every, .no, .equivalence, .equivalence) == .alternation)
    #expect(relation(.some, .no, .equivalence, .equivalence) == .contradiction)
    #expect(relation(.every, .notEvery, .equivalence, .equivalence) == .contradiction)
    #expect(relation(.some, .notEvery, .equivalence, .equivalence) == .cover)
    // Monotone upwards in the scope; every is downwards in its restrictor.
    #expect(relation(.every, .every, .equivalence, .entails) == .entails)
    #expect(relation(.every, .every, .entails, .equivalence) == .reverseEntails)
    #expect(relation(.some, .some, .entails, .equivalence) == .entails)
    for first in Quantifier.allCases {
      for second in Quantifier.allCases {
        for r in [NaturalRelation.equivalence, .entails, .reverseEntails, .independence] {
          for s in NaturalRelation.allCases {
            #expect(relation(first, second, r, s) != nil)
            // "Not every" is "every" negated, whatever stands around it.
            let negated = relation(.every, second, r, s)?.negated(first: true, second: false)
            #expect(first != .notEvery || relation(first, second, r, s) == negated)
          }
        }
      }
    }
  }
}
