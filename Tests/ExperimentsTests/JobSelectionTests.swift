import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments

struct JobSelectionTests {
  private func restoration(_ fields: String) throws(Refusal) -> Restoration {
    try spec(job("[[restore]]\nsite = \"mlp_output\"\n\(fields)")).restore[0]
  }

  private func layers(_ text: String, of count: Int = 12) throws(Refusal) -> [Int] {
    try restoration("layers = \(text)").layers.resolve(count: count, of: "tiny")
  }

  @Test(arguments: [
    ("\"all\"", Array(0..<12)), ("3", [3]), ("-1", [11]), ("-12", [0]), ("[0, 2, -1]", [0, 2, 11]),
    ("\"0:12\"", Array(0..<12)), ("\"0:12:5\"", [0, 5, 10]), ("\"-3:\"", [9, 10, 11]),
    ("\":2\"", [0, 1]), ("[5, \"0:3\", -1]", [0, 1, 2, 5, 11]), ("\"2:-8\"", [2, 3]),
  ])
  func `layers are chosen by number, range and list`(text: String, expected: [Int]) throws {
    #expect(try layers(text) == expected)
  }

  @Test(arguments: [
    "\"3\"", "3.0", "true", "[1, \"x\"]", "\"al\"", "[]", "[3, 3]", "\"5:5\"", "\"5:2\"", "\"::0\"",
    "\"0:3:-1\"", "\"0-99\"", "\"1:2:3:4\"", "\"-9223372036854775808:\"", "9223372036854775807",
    "[[1]]", "\"+1:2\"", "{ a = 1 }",
  ])
  func `what is no choice of layers is refused`(text: String) throws {
    expectRefusal(naming: "restore[0].layers", "line 8") { () throws(Refusal) in
      try layers(text)
    }
  }

  @Test(arguments: [("12", "layer 12"), ("-13", "layer -13"), ("\"0:99\"", "layers 0:99")])
  func `a layer that the model has not is refused with the range`(text: String, found: String)
    throws
  {
    expectRefusal(naming: found, "0 to 11", "tiny has 12", "restore[0].layers, line 8") {
      () throws(Refusal) in
      try layers(text)
    }
  }

  @Test func `a layer named twice is refused once the model is known`() throws {
    expectRefusal(naming: "layer 11 of tiny twice") { () throws(Refusal) in
      try layers("[11, -1]")
    }
    expectRefusal(naming: "8:-8", "no layer") { () throws(Refusal) in try layers("\"8:-8\"") }
  }

  @Test func `windows are those of the published code`() throws {
    let ten = try restoration("")
    #expect(ten.restored(around: 0, layerCount: 30) == 0..<5)
    #expect(ten.restored(around: 15, layerCount: 30) == 10..<20)
    #expect(ten.restored(around: 29, layerCount: 30) == 24..<30)
    let one = try restoration("window = 1")
    #expect((0..<3).map { one.restored(around: $0, layerCount: 3) } == [0..<1, 1..<2, 2..<3])
    let three = try restoration("window = 3")
    #expect(three.restored(around: 4, layerCount: 9) == 3..<6)
  }

  @Test func `each token has its roles`() {
    let roles = PromptRoles(tokenCount: 9, subject: 2..<6)
    #expect(
      (0..<9).map { roles.roles(at: $0).map(\.rawValue).joined(separator: "+") } == [
        "before", "before", "subject_first", "subject_middle", "subject_middle", "subject_last",
        "first_after", "further", "last",
      ])
    let short = PromptRoles(tokenCount: 2, subject: 0..<1)
    #expect(short.roles(at: 0) == [.subjectFirst, .subjectLast])
    #expect(short.roles(at: 1) == [.firstAfter, .last])
    let end = PromptRoles(tokenCount: 3, subject: 1..<3)
    #expect(end.roles(at: 2) == [.subjectLast, .last])
    #expect(end.positions(of: .firstAfter).isEmpty && end.positions(of: .further).isEmpty)
  }

  @Test func `every role lies in the prompt, for every prompt of up to seven tokens`() {
    for count in 1...7 {
      for start in 0..<count {
        for end in start + 1...count {
          let roles = PromptRoles(tokenCount: count, subject: start..<end)
          for role in TokenRole.allCases {
            #expect(roles.positions(of: role).allSatisfy { (0..<count).contains($0) })
          }
          #expect((0..<count).allSatisfy { !roles.roles(at: $0).isEmpty })
        }
      }
    }
  }

  @Test(arguments: [
    ("\"all\"", Array(0..<9)), ("\"subject\"", [2, 3, 4, 5]), ("\"subject_all\"", [2, 3, 4, 5]),
    ("\"subject_first\"", [2]), ("\"subject_middle\"", [3, 4]), ("\"subject_last\"", [5]),
    ("\"first_after\"", [6]), ("\"first_subsequent\"", [6]), ("\"further\"", [7]),
    ("\"after\"", [6, 7, 8]), ("\"last\"", [8]),
    ("\"last_but_one\"", [7]), ("\"before\"", [0, 1]),
    ("[\"last\", \"subject_last\", 0]", [0, 5, 8]),
    ("-1", [8]), ("\"1:3\"", [1, 2]), ("[\"last\", -1]", [8]),
  ])
  func `positions are chosen by name, number and range`(text: String, expected: [Int]) throws {
    let positions = try restoration("positions = \(text)").positions
    let roles = PromptRoles(tokenCount: 9, subject: 2..<6)
    #expect(try positions.resolve(in: PromptPlaces(roles), called: "fact 1") == expected)
  }

  @Test func `a role that no token has gives no position`() throws {
    let positions = try restoration("positions = \"subject_middle\"").positions
    let roles = PromptRoles(tokenCount: 4, subject: 1..<3)
    #expect(try positions.resolve(in: PromptPlaces(roles), called: "fact 1") == [])
  }

  @Test func `a position past the prompt is refused with its tokens counted`() throws {
    let roles = PromptRoles(tokenCount: 7, subject: 1..<3)
    for text in ["50", "-8", "\"0:50\""] {
      let positions = try restoration("positions = \(text)").positions
      expectRefusal(naming: "restore[0].positions", "fact 149", "0 to 6", "7 tokens") {
        () throws(Refusal) in
        try positions.resolve(in: PromptPlaces(roles), called: "fact 149")
      }
    }
  }

  @Test(arguments: ["\"subject_lst\"", "[]", "1.5", "[\"last\", \"last\"]", "\"4:1\"", "true"])
  func `what is no choice of positions is refused`(text: String) throws {
    expectRefusal(naming: "restore[0].positions") { () throws(Refusal) in
      try restoration("positions = \(text)")
    }
    if text.contains("lst") {
      expectRefusal(naming: "did you mean subject_last?") { () throws(Refusal) in
        try restoration("positions = \(text)")
      }
    }
  }
}
