import Foundation
import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments

struct JobManualTests {
  @Test(arguments: JobKind.allCases)
  func `the manual of every kind has each of its fields once, with its terms`(kind: JobKind) throws
  {
    let manual = try JobManual(of: kind)
    let model = kind == .intervene ? "\n  model\n" : "[model]"
    for part in [model, "[run]", "memory", "default \"1GiB\"", "[slurm]", "tasks_per_node"] {
      #expect(manual.text.contains(part), "\(part) in the manual of \(kind)")
    }
    #expect(manual.text.split(separator: "\n").allSatisfy { $0.count <= 101 })
    let swept: [JobKind] = [.trace, .patch, .ablate, .intervene]
    #expect(manual.text.contains("naive") == (swept + [.das]).contains(kind))
    #expect(manual.text.contains("round_bits") == (swept + [.dump]).contains(kind))
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
    // A document has no subject.
    let dump = try words(.dump)
    #expect(dump.contains("or one of last_but_one, last;") && !dump.contains("subject"))
    let trace = try words(.trace)
    for part in ["noise.ID", "[samples, subject tokens, width]", "before the product", "foil"] {
      #expect(trace.contains(part), "\(part)")
    }
  }

  @Test func `a kind that is misspelt is answered with the one that is meant`() throws {
    expectRefusal(naming: "kind, line 1", "did you mean trace?") { () throws(Refusal) in
      try JobKind(of: document("kind = \"tracing\""))
    }
  }

  @Test func `what a kind has no use for is refused`() throws {
    let lens = "kind = \"lens\"\n[model]\npath = \"m\"\n[data]\nitems = [\"a\"]\n[lens]\n"
    _ = try LensSpec(document(lens))
    for (field, section) in [("naive = false", "run"), ("round_bits = 3", "save")] {
      expectRefusal(naming: "\(section).\(field.prefix { $0 != " " }), line 8", "unknown field") {
        () throws(Refusal) in try LensSpec(document("\(lens)[\(section)]\n\(field)\n"))
      }
    }
    expectRefusal(naming: "lens.momentum", "for adam", "optimizer = \"sgd\"") {
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
