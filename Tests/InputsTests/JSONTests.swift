import Inputs
import Testing

struct JSONTests {
  private func parse(_ text: String, depth: Int = 64) throws(Refusal) -> JSON {
    try JSON.parse(Array(text.utf8), file: "x.json", kind: .job, depth: depth)
  }

  private func field(_ text: String) throws(Refusal) -> JSONField {
    JSONField(try parse(text), file: "x.json", kind: .job)
  }

  @Test func `values are read as they are written`() throws {
    let read = try field(
      #"{"a": [1, -2.5e3, true, null], "ü": "\u00e9\ud83d\ude00\n", "n": 12345678901234567890}"#)
    #expect(try read["a"].items()[0].int() == 1)
    #expect(try read["a"].items()[1].double() == -2500)
    #expect(try read["a"].items()[2].bool())
    #expect(try read["a"].items()[3].isNull)
    #expect(try read["ü"].string() == "é😀\n")
    guard case .number(let number) = try read["n"].value else {
      Issue.record("not a number")
      return
    }
    #expect(number.text == "12345678901234567890" && number.int == nil)
    #expect(try read.object().keys == ["a", "ü", "n"])
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a: 1}", "01", "1.", ".5", "+1", "1e",
    "-", "NaN", "Infinity", "tru", "'a'", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
    "\"\\udc00\"", "\"tab\there\"", "1 2", "[1] x", "\u{feff}1", "// no\n1", "[1 2]",
    "{\"a\": 1, \"a\": 2}", "{\"a\": 1,}",
  ])
  func `what is not JSON is refused with its place`(text: String) {
    let error = #expect(throws: Refusal.self) { try parse(text) }
    #expect(error?.file == "x.json")
    #expect(error?.kind == .job)
    #expect(error?.field.contains("line 1, column ") == true, "\(String(describing: error))")
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    for bytes: [UInt8] in [
      [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xff, 0xfe, 0x31, 0x00], [0x31, 0x00], [0x22, 0xe2, 0x82],
    ] {
      #expect(throws: Refusal.self, "\(bytes)") {
        try JSON.parse(bytes, file: "x.json", kind: .model)
      }
    }
  }

  @Test func `nesting ends at the limit, without a stack overflow`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(64))
    #expect(throws: Refusal.self) { try parse(nested(65)) }
    #expect(throws: Refusal.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: Refusal.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test func `a fault far inside is placed by its key, line and column`() {
    let error = #expect(throws: Refusal.self) { try parse("{\n  \"a\": {\n    \"b\": nul\n}}") }
    #expect(error?.field == "a.b, line 3, column 10", "\(String(describing: error))")
  }

  @Test func `keys that differ in their Unicode form stay two keys, also among many`() throws {
    let members = (0..<20).map { "\"k\($0)\": \($0)" }.joined(separator: ", ")
    let read = try field("{\(members), \"\u{e9}\": 100, \"e\u{301}\": 200}")
    #expect(try read["\u{e9}"].int() == 100)
    #expect(try read["e\u{301}"].int() == 200)
    #expect(try read["k13"].int() == 13)
    #expect(throws: Refusal.self) { try parse("{\(members), \"k3\": 1}") }
  }
}

struct JSONFieldTests {
  private let root: JSONField

  init() throws {
    let text =
      #"{"model": {"layers": 12, "rate": 0.5, "name": "x"}, "list": [1, "two"], "none": null}"#
    root = JSONField(
      try JSON.parse(Array(text.utf8), file: "job.json", kind: .job), file: "job.json", kind: .job)
  }

  private func expect(
    _ field: String, _ found: String, _ expected: String, _ body: () throws -> Void
  ) {
    let error = #expect(throws: Refusal.self) { try body() }
    #expect(error?.field == field)
    #expect(error?.found == found)
    #expect(error?.expected.contains(expected) == true, "\(String(describing: error))")
  }

  @Test func `each misuse names the path, what was found and what was expected`() {
    expect("model.layers", "the number 12", "an integer from 0 to 11") {
      _ = try root["model"]["layers"].int(in: 0...11)
    }
    expect("model.rate", "the number 0.5", "an integer") { _ = try root["model"]["rate"].int() }
    expect("model.name", "the string \"x\"", "a finite number") {
      _ = try root["model"]["name"].double()
    }
    expect("model.name", "the string \"x\"", "true or false") {
      _ = try root["model"]["name"].bool()
    }
    expect("list[1]", "the string \"two\"", "an integer") { _ = try root["list"].items()[1].int() }
    expect("list", "an array of 2", "an object") { _ = try root["list"].object() }
    expect("model", "an object", "an array") { _ = try root["model"].items() }
    expect("model.heads", "no such field", "a value") { _ = try root["model"]["heads"] }
  }

  @Test func `null and absent are the same to an optional field`() throws {
    #expect(try root.optional("none") == nil)
    #expect(try root.optional("absent") == nil)
    #expect(try root.optional("list") != nil)
  }

  @Test func `an unknown field is refused with the nearest known one`() throws {
    let known = ["layers", "rate", "names"]
    expect("model.name", "an unknown field \"name\"", "names (did you mean that?)") {
      try root["model"].refuseUnknownKeys(known: known)
    }
    try root["model"].refuseUnknownKeys(known: ["layers", "rate", "name"])
  }
}
