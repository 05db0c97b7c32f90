import Inputs
import Testing
import _TestSupport

@testable import JobFiles

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
    (
      "steps = 3\nmomentum = 0.1",
      ["momentum, line 2", "momentum, which is read only with on = true"]
    ),
    ("steps = 3\non = true\nmomentum = 1", ["momentum, line 3", "from 0 to below 1"]),
    ("steps = 3\nnmes = [\"a\"]", ["nmes, line 2", "names (did you mean that?)"]),
    ("steps = 3\nnames = [\"a\", \"a\"]", ["names[1]", "a second time"]),
    ("on = true\nsteps = 3\nnames = []", ["names beside on", "exclude each other"]),
  ])
  func `one naming refuses what is wrong`(text: String, naming: [String]) throws {
    for part in naming {
      expectRefusal(naming: part) { () throws(Refusal) in try read(text) }
    }
  }
}
