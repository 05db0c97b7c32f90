import Foundation
import Inputs
import Testing

@testable import Experiments

struct FieldsTests {
  private struct Section {
    let steps: Int
    let momentum: Double
    let names: [String]?

    init(_ f: inout Fields) throws(Refusal) {
      steps = try f.required("steps", .int(1...9), unit: "steps", "How long.")
      let isOn = try f.field("on", .flag, or: false, "Whether.")
      momentum = try f.field(
        "momentum", .number(0..<1), or: 0.5, only: Fields.When(isOn, "on = true"), "How much.")
      names = try f.optional(
        "names", .list(of: .text, "names", isSet: true), apartFrom: ["on"], "Which.")
    }
  }

  private func read(_ text: String) throws(Refusal) -> (Section, JobValue) {
    try FieldType.table(Section.init).read(document(text).field, "")
  }

  @Test func `one naming gives the value, its default and its canonical form`() throws {
    let (section, written) = try read("steps = 3")
    #expect(section.steps == 3 && section.momentum == 0.5 && section.names == nil)
    #expect(JobText.canonicalJSON(written) == #"{"on":false,"steps":3}"#)
    #expect(
      JobText.canonicalJSON(try read("on = true\nsteps = 3").1)
        == #"{"momentum":0.5,"on":true,"steps":3}"#)
  }

  @Test(arguments: [
    ("steps = 10", ["steps, line 1", "an integer from 1 to 9"]),
    ("stps = 3", ["steps", "no such field", "not \"stps\""]),
    ("steps = 3\nmomentum = 0.1", ["momentum, line 2", "does not read it", "on = true"]),
    ("steps = 3\non = true\nmomentum = 1", ["momentum, line 3", "from 0 to below 1"]),
    ("steps = 3\nnmes = [\"a\"]", ["nmes, line 2", "names (did you mean that?)"]),
    ("steps = 3\nnames = [\"a\", \"a\"]", ["names[1]", "a second time"]),
    ("on = true\nsteps = 3\nnames = []", ["names beside on", "exclude each other"]),
  ])
  func `one naming refuses what is wrong`(text: String, naming: [String]) throws {
    let error = try refusal { () throws(Refusal) in try read(text) }
    for part in naming { #expect(error.description.contains(part), "\(error)") }
  }

  @Test(arguments: JobKind.allCases)
  func `the manual of every kind has each of its fields once, with its terms`(kind: JobKind) throws
  {
    let manual = try JobManual(of: kind)
    for part in ["[model]", "[run]", "memory", "default \"1GiB\"", "[slurm]", "tasks_per_node"] {
      #expect(manual.text.contains(part), "\(part) in the manual of \(kind)")
    }
    #expect(manual.text.split(separator: "\n").allSatisfy { $0.count <= 101 })
    #expect(manual.text.contains("naive") == [.trace, .das, .patch, .ablate].contains(kind))
    #expect(manual.text.contains("round_bits") == [.trace, .dump, .patch, .ablate].contains(kind))
  }

  @Test func `the manual tells what is written nowhere else`() throws {
    func words(_ kind: JobKind) throws -> String {
      try JobManual(of: kind).text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    let das = try words(.das)
    for part in [
      "[data.causal_model.variables.NAME]", "function", "answer", "prompt", "chooser", "require",
      "like",
      "form", "base_label", "source_places", "foil", "[[...], ...]", "boundary_penalty",
      "mask_penalty",
      "{ start = ..., end = ... }", "warm_up", "components, mean and std", "before the product",
      "first the answer's values", "target",
    ] { #expect(das.contains(part), "\(part)") }
    let trace = try words(.trace)
    for part in ["noise.ID", "[samples, subject tokens, width]", "before the product", "foil"] {
      #expect(trace.contains(part), "\(part)")
    }
  }

  @Test func `a kind that is misspelt is answered with the one that is meant`() throws {
    try expectRefusal(naming: "kind, line 1", "did you mean trace?") { () throws(Refusal) in
      try JobKind(of: document("kind = \"tracing\""))
    }
  }

  @Test func `what a kind has no use for is refused`() throws {
    let lens = "kind = \"lens\"\n[model]\npath = \"m\"\n[data]\nitems = [\"a\"]\n[lens]\n"
    _ = try LensSpec(document(lens))
    for (field, section) in [("naive = false", "run"), ("round_bits = 3", "save")] {
      try expectRefusal(naming: "\(section).\(field.prefix { $0 != " " }), line 8", "unknown field")
      {
        () throws(Refusal) in try LensSpec(document("\(lens)[\(section)]\n\(field)\n"))
      }
    }
    try expectRefusal(naming: "lens.momentum", "for adam", "optimizer = \"sgd\"") {
      () throws(Refusal) in
      try LensSpec(document(lens + "optimizer = \"adam\"\nmomentum = 0.5"))
    }
  }

  @Test func `the article of fields is what the declarations say`() throws {
    let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Experiments/Experiments.docc/JobFields.md")
    let written = try String(contentsOf: article, encoding: .utf8)
    let isSame = try written == JobManual.all + "\n"
    #expect(isSame, "write it anew: causeway help job --markdown > \(article.path)")
  }
}
